// Product events: whose they are, what of them is sent, and that they have a queue and counts of their own.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { runModule } from './support/child.mjs';
import { accept, KEY, Ledger } from './support/ledger.mjs';
import { hurry, listen, NEVER_MS, setUp } from './support/sdk.mjs';

const { eventStats, flush, observe, stats, track, withSession, withUser } = CognObserve;

let ledger;
before(async () => (ledger = await Ledger.start()));
after(() => ledger.stop());
beforeEach(() => {
  ledger.requests.length = 0;
  ledger.answer = accept;
});
afterEach(() => CognObserve.shutdown());

const counts = () => Object.values(eventStats());

test('an event has an id, a time and properties', async () => {
  setUp(ledger);
  const now = new Date().toISOString();
  track('memory_created', { type: 'text', has_metadata: true, count: 2 });
  track(' upload ');
  await flush();
  const [{ event_id: id, timestamp, ...told }, second] = ledger.events;
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.notEqual(id, second.event_id);
  assert.ok(timestamp >= now.slice(0, 23) && timestamp <= new Date().toISOString());
  assert.deepEqual(told, { event: 'memory_created', properties: { type: 'text', has_metadata: true, count: 2 } });
  assert.deepEqual([second.event, 'properties' in second], ['upload', false]);
  assert.deepEqual(eventStats(), { sent: 2, dropped: 0, refused: 0, waiting: 0 });
  assert.deepEqual(stats(), { sent: 0, dropped: 0, refused: 0, waiting: 0 });
  const [{ headers, path }, ...more] = ledger.requests;
  assert.deepEqual([path, headers['x-cognobserve-client'], more], ['/v1/events', 'typescript', []]);
});

test('it is whose the call, the scope or the trace says', async () => {
  setUp(ledger);
  const tell = (options) => track('e', undefined, options);
  tell();
  CognObserve.setUser('global');
  tell();
  withUser({ id: 'ann', plan: 'pro' }, () =>
    withSession('s1', () => {
      tell();
      tell({ userId: 7, sessionId: 's2' });
      withUser(null, () => tell());
    }),
  );
  observe({ name: 't', userId: 'bob', sessionId: 's3' }, () => {
    tell({ user: { id: 'carl', name: 'Carl' } });
    tell();
  });
  await flush();
  assert.deepEqual(
    ledger.events.map((event) => [event.user_id, event.session_id]),
    [[undefined, undefined], ['global', undefined], ['ann', 's1'], ['7', 's2'], [undefined, 's1'], ['carl', 's3'], ['bob', 's3']],
  );
  assert.ok(ledger.events.every((event) => !('user' in event)), 'a profile belongs to traces');
});

test('own ids and times are sent; what is no time is now', async () => {
  setUp(ledger);
  const said = await listen(async () => {
    track('e', {}, { eventId: 'order-7', timestamp: new Date('2026-01-02T03:04:05.678Z') });
    for (const timestamp of ['yesterday', 1.5, new Date('no'), new Date(8.64e15)]) {
      track('e', {}, { timestamp });
    }
    await flush();
  });
  const [own, ...odd] = ledger.events;
  assert.deepEqual([own.event_id, own.timestamp], ['order-7', '2026-01-02T03:04:05.678000Z']);
  assert.deepEqual(odd.map((event) => /^2\d{3}-.*\.\d{6}Z$/.test(event.timestamp)), [true, true, true, true]);
  assert.equal(said.length, 1);
});

test('a mask sees properties, and what is the own of the app stays as it is', async () => {
  const kinds = [];
  const mask = (value, kind) => {
    kinds.push(kind);
    if (value.odd) {
      throw new Error('secret');
    }
    value.mail = '***';
    return value.list ? [] : value.later ? Promise.resolve(value) : value;
  };
  setUp(ledger, { mask, captureContent: false });
  const own = { mail: 'a@b.c', deep: { x: [1] } };
  const said = await listen(async () => {
    for (const properties of [own, { odd: 1 }, { list: 1 }, { later: 1 }, {}]) {
      track('e', properties);
    }
    await flush();
  });
  assert.deepEqual(own, { mail: 'a@b.c', deep: { x: [1] } });
  assert.deepEqual(
    ledger.events.map((event) => event.properties),
    [{ mail: '***', deep: { x: [1] } }, undefined, undefined, undefined, undefined],
  );
  assert.deepEqual(kinds, Array(4).fill('properties'));
  assert.equal(said.length, 1);
  assert.doesNotMatch(said[0], /secret/);
});

test('what is too large or no object is left out and told once, and nothing throws', async () => {
  setUp(ledger);
  const trap = {
    get inside() {
      throw new Error('secret');
    },
  };
  const said = await listen(async () => {
    for (let round = 0; round < 2; round += 1) {
      track('big', { text: 'é'.repeat(32 * 1024) });
      track('list', ['a']);
      track('é'.repeat(200));
      for (const name of ['', ' ', undefined, 7]) {
        track(name);
      }
    }
    track('fits', { text: 'é'.repeat(32 * 1024 - 6) });
    track('odd', trap, trap);
    await flush();
  });
  const names = ['big', 'list', 'é'.repeat(127)];
  assert.deepEqual(ledger.events.map((event) => event.event), [...names, ...names, 'fits', 'odd']);
  assert.deepEqual(ledger.events.filter((event) => event.properties).map((event) => event.event), ['fits', 'odd']);
  assert.deepEqual([said.length, ...counts()], [4, 8, 8, 0, 0]);
});

test('over the limit the oldest go, and spans are not counted', async () => {
  setUp(ledger, { maxQueueSize: 4, maxBatchSize: 100 });
  let open;
  const gate = new Promise((done) => (open = done));
  ledger.answer = async (body) => {
    await gate;
    return accept(body);
  };
  const said = await listen(async () => {
    track('first');
    track('second');
    while (ledger.requests.length === 0) {
      await new Promise(setImmediate);
    }
    for (let at = 0; at < 6; at += 1) {
      track(`e${at}`);
    }
    observe('call', () => 1);
  });
  assert.deepEqual(eventStats(), { sent: 0, dropped: 2, refused: 0, waiting: 6 });
  assert.equal(stats().waiting, 1);
  open();
  await flush();
  assert.deepEqual([...counts(), stats().sent], [6, 2, 0, 0, 1]);
  assert.deepEqual(ledger.events.map((event) => event.event), ['first', 'second', 'e2', 'e3', 'e4', 'e5']);
  assert.equal(said.length, 1);
});

test('many large events are bounded in characters, and so is a request', async () => {
  setUp(ledger, { maxBatchSize: 2048 });
  await listen(async () => {
    for (let at = 0; at < 300; at += 1) {
      track('e', { text: 'x'.repeat(60_000) });
    }
  });
  const { waiting, dropped } = eventStats();
  assert.ok(waiting > 270 && waiting < 280 && waiting + dropped === 300, `${waiting}`);
  await flush();
  assert.deepEqual([eventStats().sent, ledger.requests.length], [waiting, 5]);
});

test('what may pass is tried again with the same ids, what is final is counted and told once', async () => {
  const { pauses, platform } = hurry();
  setUp(ledger, {}, platform);
  const answers = [{ status: 503 }, { status: 429 }];
  ledger.answer = (body) => answers.shift() ?? accept(body);
  track('e');
  await flush();
  assert.deepEqual(ledger.requests.map((request) => request.body), Array(3).fill(ledger.requests[0].body));
  assert.deepEqual([pauses.filter((pause) => pause < 5000), counts()], [[500, 1000], [1, 0, 0, 0]]);

  const refuse = { results: [{ success: false, error: { code: 'invalid_request', message: 'too long' } }, { success: true }] };
  answers.push({ status: 202, body: refuse }, { status: 404 }, { status: 413 }, { status: 413 });
  const said = await listen(async () => {
    track('bad', {}, { userId: 'x'.repeat(300) });
    track('good');
    await flush();
    track('lost');
    await flush();
    track('half');
    track('other');
    await flush();
  });
  assert.deepEqual(counts(), [3, 2, 1, 0]);
  assert.match(said.join('\n'), /refused an event: invalid_request: too long\n.*refused events with 404\n.*an event is too large/);
});

test('track waits for no server, in immediate mode either, and shutdown counts what is lost', async () => {
  setUp(ledger, { mode: 'immediate', shutdownTimeout: 30 }, { after: afterReal });
  ledger.answer = () => 'hang';
  assert.equal(track('e'), undefined);
  await ledger.untilRequests(1);
  assert.equal(eventStats().waiting, 1);
  const said = await listen(async () => {
    await CognObserve.shutdown();
    track('late');
    track('later');
  });
  assert.deepEqual(counts(), [0, 3, 0, 0]);
  assert.match(said.join('\n'), /1 events are dropped\n.*after shutdown/);
  assert.equal(said.length, 2);
});

test('a second init sends what waits with the first key; without a key nothing is recorded', async () => {
  setUp(ledger);
  track('first');
  setUp(ledger, { apiKey: 'two' });
  track('second');
  await flush();
  const keys = ledger.requests.map(({ body, headers }) => [body.events[0].event, headers['x-api-key']]);
  assert.deepEqual(keys.sort(), [['first', KEY], ['second', 'two']]);
  await listen(async () => setUp(ledger, { disabled: true }));
  track('e');
  track('');
  assert.deepEqual(counts(), [0, 0, 0, 0]);
});

test('a program that just ends sends its events; one that exits says how many are lost', async () => {
  const start = `import { CognObserve } from '@cognobserve/sdk';
    CognObserve.init({ endpoint: '${ledger.url}', apiKey: '${KEY}', flushInterval: 3600000 });
    CognObserve.track('a'); CognObserve.track('b');`;
  assert.deepEqual(await runModule(start), { code: 0, signal: null, out: '', err: '' });
  assert.equal(ledger.events.length, 2);
  const { code, err } = await runModule(`${start} CognObserve.observe('c', () => 1); process.exit(4);`);
  assert.equal(code, 4);
  assert.match(err, /^\[cognobserve\] the program ended with 1 spans and 2 events not sent.*\n$/);
});

/** Real time for what is short, none for pauses. */
function afterReal(milliseconds, call) {
  const timer = milliseconds === NEVER_MS ? undefined : setTimeout(call, Math.min(milliseconds, 50));
  return () => clearTimeout(timer);
}
