// Product events against the real server: they arrive once, whatever is sent twice and whoever is killed meanwhile.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { KEY } from './support/ledger.mjs';
import { setUp } from './support/sdk.mjs';
import { startServer } from './support/server.mjs';

const { eventStats, flush, track, withUser } = CognObserve;

let server;
before(async () => (server = await startServer()));
after(async () => {
  await CognObserve.shutdown();
  await server?.stop();
});

async function count(by) {
  const { rows } = await server.read(`/v1/events/count?groupBy=${by}`);
  return Object.fromEntries(rows.map((row) => [row.key, row.count]));
}

test('events arrive once, and what is refused is counted', async () => {
  setUp(server, { apiKey: KEY });
  await withUser({ id: 'fan-1', plan: 'pro' }, async () => {
    for (let round = 0; round < 2; round += 1) {
      track('memory_created', { type: 'text' }, { eventId: 'm-1' });
      await flush();
    }
    track('memory_read');
  });
  track('memory_read', {}, { userId: 'x'.repeat(300) });
  await flush();
  assert.deepEqual(eventStats(), { sent: 3, dropped: 0, refused: 1, waiting: 0 });
  assert.deepEqual(await count('event'), { memory_created: 1, memory_read: 1 });
  assert.equal((await count('property.type')).text, 1);
  const { items } = await server.read('/v1/users?search=fan-1');
  assert.deepEqual(items.map((user) => [user.externalId, user.traceCount]), [['fan-1', 0]]);
});

test('a server that is killed has each event once', async () => {
  setUp(server, { apiKey: KEY, flushInterval: 50, maxRetries: 30 });
  let restarted;
  for (let at = 0; at < 300; at += 1) {
    if (at === 100) {
      restarted = server.killAndRestart();
    }
    track('survived', {}, { userId: `survivor-${at % 10}` });
    await new Promise((done) => setTimeout(done, 5));
  }
  await restarted;
  await flush();
  assert.deepEqual(eventStats(), { sent: 300, dropped: 0, refused: 0, waiting: 0 });
  assert.equal((await count('event')).survived, 300);
});
