// 50 requests of 50 users at the same time in one process: what the real server then says of each is their own, and all of it.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { CognObserve, wrapOpenAI } from '@cognobserve/sdk';
import { KEY } from './support/ledger.mjs';
import { startProvider } from './support/provider.mjs';
import { setUp } from './support/sdk.mjs';
import { startServer } from './support/server.mjs';

const COUNT = 50;
const { observe, withUser } = CognObserve;

let server;
let provider;
before(async () => {
  provider = await startProvider();
  server = await startServer();
});
after(async () => {
  await CognObserve.shutdown();
  await server?.stop();
  await provider.stop();
});

/** An app that lets nobody go on before all have come. */
function startApp() {
  const openai = wrapOpenAI(new OpenAI({ baseURL: provider.url, apiKey: 'none' }));
  let come = 0;
  let open;
  const gate = new Promise((done) => (open = done));
  const wait = () => new Promise((done) => setTimeout(done, Math.random() * 3));
  const answer = (user) =>
    observe({ name: `request of ${user.id}`, sessionId: `session of ${user.id}` }, async () => {
      come += 1;
      if (come === COUNT) open();
      await gate;
      await observe({ name: `own of ${user.id}`, type: 'generation' }, async (span) => {
        await wait();
        span.setModel('own-model').setUsage({ promptTokens: user.number, completionTokens: 1 }).setCost(user.number);
      });
      await openai.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: user.id }] });
      CognObserve.log(`event of ${user.id}`);
    });
  return createServer((request, response) => {
    const number = Number(request.headers['x-user']);
    const user = { id: `user-${number}`, name: `Name of user-${number}`, number };
    void withUser(user, () => answer(user)).then(() => response.end('done'));
  });
}

test('50 requests of 50 users at the same time, asked back from the server', async () => {
  setUp({ url: server.url }, { apiKey: KEY });
  const app = startApp();
  await new Promise((done) => app.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${app.address().port}`;
  const numbers = Array.from({ length: COUNT }, (_, at) => at + 1);
  const asked = numbers.map(async (number) => (await fetch(url, { headers: { 'x-user': String(number) } })).text());
  assert.deepEqual(new Set(await Promise.all(asked)), new Set(['done']));
  app.closeAllConnections();
  app.close();
  await CognObserve.flush();
  assert.deepEqual(CognObserve.stats(), { sent: 4 * COUNT, dropped: 0, refused: 0, waiting: 0 });

  const { items: users } = await server.read('/v1/users?limit=100');
  assert.deepEqual(users.map((user) => user.externalId).sort(), numbers.map((number) => `user-${number}`).sort());
  for (const { id, externalId, name, metadata, sessionCount, totalCostUsd } of users) {
    const number = Number(externalId.slice('user-'.length));
    assert.deepEqual([name, metadata, sessionCount], [`Name of ${externalId}`, { number }, 1]);
    assert.equal(totalCostUsd, `${number}.000055000`);
    const { items: traces } = await server.read(`/v1/users/${id}/traces`);
    assert.equal(traces.length, 1);
    const [trace] = traces;
    assert.deepEqual([trace.name, trace.externalUserId], [`request of ${externalId}`, externalId]);
    assert.equal(trace.totalTokens, number + 1 + 15);
    const whole = await server.read(`/v1/traces/${trace.id}`);
    const names = ['event', 'openai.chat.completions', 'own', 'request'];
    assert.deepEqual(whole.spans.map((span) => span.name.replace(` of ${externalId}`, '')).sort(), names);
    const call = whole.spans.find((span) => span.name === 'openai.chat.completions');
    assert.deepEqual(call.input, [{ role: 'user', content: externalId }]);
    const { sessions } = await server.read(`/v1/users/${id}`);
    assert.deepEqual(sessions.map((session) => [session.externalId, session.traceCount]), [[`session of ${externalId}`, 1]]);
  }
});
