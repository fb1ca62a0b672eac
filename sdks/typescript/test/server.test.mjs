// The examples as they are written, against the real server: what its API says of users, sessions, tokens and cost.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { run } from './support/child.mjs';
import { KEY } from './support/ledger.mjs';
import { startProvider } from './support/provider.mjs';
import { setUp } from './support/sdk.mjs';
import { eventually, startServer } from './support/server.mjs';

let server;
let provider;
let env;
before(async () => {
  provider = await startProvider();
  server = await startServer();
  const providers = { OPENAI_BASE_URL: provider.url, ANTHROPIC_BASE_URL: provider.url };
  env = { ...server.env, ...providers, OPENAI_API_KEY: 'none', ANTHROPIC_API_KEY: 'none' };
});
after(async () => {
  await CognObserve.shutdown();
  await server?.stop();
  await provider.stop();
});

/** The user of that id, once the server shows so many traces of them. */
const findUser = (id, traces) =>
  eventually(`${traces} traces of ${id}`, async () => {
    const { items } = await server.read(`/v1/users?search=${id}`);
    return items.find((user) => user.externalId === id && user.traceCount === traces);
  });

async function runExample(name) {
  const { code, out, err } = await run([`examples/${name}.mjs`], { env });
  assert.equal(code, 0, err);
  assert.equal(err, '');
  return out;
}

test('just an id; a full user; a global user', async () => {
  assert.equal(await runExample('user-id'), 'Hello!\n');
  const first = await findUser('user-123', 1);
  assert.deepEqual([first.name, first.email, first.metadata], [null, null, {}]);
  await runExample('full-user');
  await findUser('user-123', 2);
  await runExample('global-user');
  const { id } = await findUser('user-123', 4);

  const user = await server.read(`/v1/users/${id}`);
  assert.deepEqual([user.name, user.email], ['John Doe', 'john@acme.com']);
  assert.deepEqual(user.metadata, { company: 'Acme Corp', plan: 'enterprise' });
  assert.deepEqual([user.promptTokens, user.completionTokens, user.cachedTokens, user.totalTokens], [24, 6, 8, 30]);
  // gpt-4o: 8 tokens at 2.50, 4 cached at 1.25, 3 out at 10 dollars a million; twice.
  assert.equal(user.totalCostUsd, '0.000110000');
  assert.deepEqual([user.sessionCount, user.errorCount, user.unpricedSpanCount], [1, 0, 0]);
  const [session] = user.sessions;
  assert.deepEqual([session.externalId, session.traceCount], ['session-456', 2]);

  const { items } = await server.read(`/v1/users/${id}/traces`);
  const names = items.map((trace) => trace.name).sort();
  assert.deepEqual(names, ['action-1', 'action-2', 'chat-completion', 'chat-completion']);
});

test('a streamed answer in immediate mode', async () => {
  assert.equal(await runExample('streaming'), 'Hello!');
  const user = await findUser('user-789', 1);
  assert.deepEqual([user.totalTokens, user.totalCostUsd], [15, '0.000055000']);
});

test("Anthropic's client: a whole message, a streamed one, and its stream helper", async () => {
  assert.equal(await runExample('anthropic'), 'Hello!\nHello!\nHello!\n7 tokens\n');
  const { id } = await findUser('user-456', 3);
  const user = await server.read(`/v1/users/${id}`);
  assert.deepEqual([user.name, user.metadata], ['Jane Roe', { plan: 'enterprise' }]);
  assert.deepEqual(
    user.sessions.map((session) => [session.externalId, session.traceCount]),
    [['session-789', 3]],
  );
  // Each time 10 tokens at 3 dollars a million, 20 cached at 0.30, 5 to the cache at 3.75, and 7 out at 15.
  assert.deepEqual([user.promptTokens, user.cachedTokens, user.completionTokens], [105, 60, 21]);
  assert.deepEqual([user.totalCostUsd, user.unpricedSpanCount], ['0.000479250', 0]);
});

test('a web server with many users at the same time', async () => {
  let asked;
  const heard = (child, out) => {
    const url = /http:\S+/.exec(out)?.[0];
    asked ??= url && askAll(url).finally(() => child.kill('SIGTERM'));
  };
  const askAll = (url) =>
    Promise.all(
      Array.from({ length: 12 }, async (_, at) => {
        const headers = { 'x-user': `visitor-${at % 4}`, 'x-session': `visit-${at % 4}` };
        assert.equal(await (await fetch(url, { headers })).text(), 'Hello!');
      }),
    );
  const { code, err } = await run(['examples/web-server.mjs'], { env: { ...env, PORT: '0' }, heard });
  await asked;
  assert.equal(code, 0, err);
  for (let at = 0; at < 4; at += 1) {
    const user = await findUser(`visitor-${at}`, 3);
    assert.deepEqual([user.spanCount, user.totalTokens, user.sessionCount], [12, 45, 1]);
    assert.deepEqual(user.metadata, { plan: 'pro' });
  }
});

test('an answer that is lost on the way: sent twice, counted once; errors and costs of the app', async () => {
  let lost = 0;
  // Passes everything on, and loses the first answer.
  const between = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) {
      parts.push(part);
    }
    const { host: _, connection: __, ...headers } = request.headers;
    const answer = await fetch(server.url + request.url, { method: 'POST', headers, body: Buffer.concat(parts) });
    const text = await answer.text();
    lost += 1;
    if (lost === 1) {
      request.socket.destroy();
    } else {
      response.writeHead(answer.status).end(text);
    }
  });
  await new Promise((done) => between.listen(0, '127.0.0.1', done));
  setUp({ url: `http://127.0.0.1:${between.address().port}` }, { apiKey: KEY }, { random: () => 0 });
  await CognObserve.withUser({ id: 'repeated', seats: 3 }, async () => {
    const failing = CognObserve.observe({ name: 'agent' }, async () => {
      await CognObserve.observe({ name: 'llm', type: 'generation' }, async (span) => {
        span.setModel('own-model').setUsage({ promptTokens: 7, completionTokens: 5 }).setCost(0.125);
      });
      throw new Error('agent gave up');
    });
    await assert.rejects(failing, /gave up/);
  });
  await CognObserve.flush();
  between.closeAllConnections();
  between.close();
  assert.equal(lost, 2);
  assert.equal(CognObserve.stats().sent, 2);
  const user = await findUser('repeated', 1);
  assert.deepEqual([user.spanCount, user.totalTokens, user.totalCostUsd], [2, 12, '0.125000000']);
  assert.deepEqual([user.errorTraceCount, user.metadata], [1, { seats: 3 }]);
});

test('a server that is killed three times counts each call once', async () => {
  const [calls, users] = [900, 20];
  setUp({ url: server.url }, { apiKey: KEY, flushInterval: 50, requestTimeout: 5000, maxRetries: 30 });
  let kills = Promise.resolve();
  for (let number = 0; number < calls; number += 1) {
    if (number % 300 === 100) kills = kills.then(() => server.killAndRestart());
    CognObserve.withUser(`survivor-${number % users}`, () =>
      CognObserve.observe({ name: 'call', type: 'generation' }, (span) => {
        span.setModel('own-model').setUsage({ promptTokens: 7, completionTokens: number % 3 });
      }),
    );
    await new Promise((done) => setTimeout(done, 5));
    if (number % 300 === 299) await kills;
  }
  await CognObserve.flush();
  const { sent, dropped, refused } = CognObserve.stats();
  assert.deepEqual([sent, dropped, refused], [calls, 0, 0]);
  const { items } = await server.read('/v1/users?search=survivor-&limit=100');
  const told = items.map((user) => [user.externalId, user.traceCount, user.totalTokens]).sort();
  const numbers = Array.from({ length: calls }, (_, number) => number);
  const expected = Array.from({ length: users }, (_, user) => {
    const own = numbers.filter((number) => number % users === user);
    return [`survivor-${user}`, own.length, own.reduce((sum, number) => sum + 7 + (number % 3), 0)];
  });
  assert.deepEqual(told, expected.sort());
});

test('the server has nothing to complain about', async () => {
  assert.deepEqual((await server.read('/v1/me')).recentWarnings, []);
});
