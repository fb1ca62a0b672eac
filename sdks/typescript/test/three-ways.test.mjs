// The three ways to name a user, to the letter as they were asked for (programs/three-ways.txt), run as a program against
// the real server. Only the key and what the text leaves open (`...`) are filled in.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { runModule } from './support/child.mjs';
import { KEY } from './support/ledger.mjs';
import { startProvider } from './support/provider.mjs';
import { startServer } from './support/server.mjs';

const TEXT = readFileSync(new URL('programs/three-ways.txt', import.meta.url), 'utf8');
const FILLED = [
  ["'co_...'", `'${KEY}'`, 1],
  ['{...}', `{ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] }`, 2],
  ['{ ... }', `{ return 'done'; }`, 2],
];
const APP = `import OpenAI from 'openai';\nconst openai = new OpenAI();\n`;

let server;
let provider;
before(async () => {
  provider = await startProvider();
  server = await startServer();
});
after(async () => {
  await server?.stop();
  await provider.stop();
});

function fillIn(text) {
  let filled = text;
  for (const [open, what, times] of FILLED) {
    assert.equal(filled.split(open).length - 1, times, open);
    filled = filled.replaceAll(open, what);
  }
  assert.ok(!filled.includes('...'));
  return filled;
}

test('just the id, a full user, a global user: the text as it was written', async () => {
  const env = { COGNOBSERVE_ENDPOINT: server.url, OPENAI_BASE_URL: provider.url, OPENAI_API_KEY: 'none' };
  const { code, err } = await runModule(APP + fillIn(TEXT), { env });
  assert.deepEqual([code, err], [0, '']);

  const { items: users } = await server.read('/v1/users');
  assert.deepEqual(users.map((user) => user.externalId), ['user-123']);
  const user = await server.read(`/v1/users/${users[0].id}`);
  assert.deepEqual([user.name, user.email], ['John Doe', 'john@acme.com']);
  assert.deepEqual(user.metadata, { company: 'Acme Corp', plan: 'enterprise' });
  assert.deepEqual([user.traceCount, user.spanCount, user.errorCount], [4, 4, 0]);
  // Two answers of gpt-4o, each 12 tokens in, 4 of them cached, and 3 out: at 2.50, 1.25 and 10 dollars a million.
  assert.deepEqual([user.promptTokens, user.completionTokens, user.totalTokens], [24, 6, 30]);
  assert.deepEqual([user.totalCostUsd, user.unpricedSpanCount], ['0.000110000', 0]);
  assert.deepEqual(
    user.sessions.map((session) => [session.externalId, session.traceCount]),
    [['session-456', 2]],
  );
  const { items: traces } = await server.read(`/v1/users/${user.id}/traces`);
  const told = traces.map((trace) => [trace.name, trace.totalTokens]).sort();
  assert.deepEqual(told, [
    ['action-1', 0],
    ['action-2', 0],
    ['chat-completion', 15],
    ['chat-completion', 15],
  ]);
  const sums = await server.read('/v1/costs?groupBy=user');
  assert.equal(sums.unattributed.totalCostUsd, '0.000000000');
  assert.deepEqual((await server.read('/v1/me')).recentWarnings, []);
});
