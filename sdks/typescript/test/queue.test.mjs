// What waits: when it leaves, how much may wait, and what becomes of it at the end.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { accept, KEY, Ledger } from './support/ledger.mjs';
import { listen, NEVER_MS, setUp } from './support/sdk.mjs';

const { observe, stats, flush } = CognObserve;

let ledger;
before(async () => (ledger = await Ledger.start()));
after(() => ledger.stop());
beforeEach(() => {
  ledger.requests.length = 0;
  ledger.answer = accept;
});
afterEach(() => CognObserve.shutdown());

const record = (count, from = 0) => {
  for (let at = from; at < from + count; at += 1) {
    observe({ name: `call ${at}`, userId: 'u' }, () => at);
  }
};

/** Real time for what is short, none for pauses. */
function afterReal(milliseconds, call) {
  const timer = milliseconds === NEVER_MS ? undefined : setTimeout(call, Math.min(milliseconds, 50));
  return () => clearTimeout(timer);
}

test('a full batch leaves at once, the rest when something has waited long enough', async () => {
  const timers = [];
  const clock = (ms, call) => {
    timers.push({ ms, call });
    return () =>
      timers.splice(
        timers.findIndex((timer) => timer.call === call),
        1,
      );
  };
  setUp(ledger, { maxBatchSize: 10, flushInterval: 1234 }, { after: clock });
  record(10);
  await ledger.untilRequests(1);
  assert.equal(ledger.spans.length, 10);
  record(3);
  const due = timers.filter((timer) => timer.ms === 1234);
  assert.equal(due.length, 1);
  const open = CognObserve.startTrace('open');
  open.startSpan('ended already').end();
  due[0].call();
  await ledger.untilRequests(2);
  assert.deepEqual(
    ledger.requests[1].body.traces.map((trace) => trace.name),
    ['call 0', 'call 1', 'call 2', 'open'],
  );
});

test('large spans make small requests', async () => {
  setUp(ledger);
  for (let at = 0; at < 12; at += 1) {
    observe({ name: 'large', input: String(at).repeat(1_000_000) }, () => {});
  }
  await flush();
  assert.ok(ledger.requests.length >= 3);
  assert.equal(ledger.spans.length, 12);
  assert.equal(stats().sent, 12);
});

test('a full queue drops the oldest, counts them, and warns once', async () => {
  setUp(ledger, { maxQueueSize: 10 });
  const said = await listen(async () => record(25));
  assert.equal(said.length, 1);
  assert.deepEqual(stats(), { sent: 0, dropped: 15, refused: 0, waiting: 10 });
  await flush();
  assert.deepEqual(
    ledger.spans.map((span) => span.output),
    [15, 16, 17, 18, 19, 20, 21, 22, 23, 24],
  );
  assert.deepEqual(stats(), { sent: 10, dropped: 15, refused: 0, waiting: 0 });
});

test('a queue smaller than a batch is sent when half of it is full, and drops nothing', async () => {
  setUp(ledger, { maxQueueSize: 5 });
  for (let round = 1; round <= 6; round += 1) {
    record(2);
    await ledger.untilRequests(round);
  }
  await flush();
  assert.deepEqual(stats(), { sent: 12, dropped: 0, refused: 0, waiting: 0 });
});

test('a trace that never ends does not fill the memory either', async () => {
  setUp(ledger, { maxQueueSize: 10 });
  await listen(async () => {
    const trace = CognObserve.startTrace('endless');
    for (let at = 0; at < 25; at += 1) {
      trace.startSpan(`s${at}`).end();
    }
  });
  await flush();
  assert.deepEqual(
    ledger.spans.map((span) => span.name),
    Array.from({ length: 10 }, (_, at) => `s${15 + at}`),
  );
});

test('flush with a time does not wait longer, shutdown gives up what is left', async () => {
  setUp(ledger, { shutdownTimeout: 30 }, { after: afterReal });
  ledger.answer = () => 'hang';
  record(3);
  await flush(20);
  assert.equal(stats().waiting, 3);
  const said = await listen(() => CognObserve.shutdown());
  assert.deepEqual(stats(), { sent: 0, dropped: 3, refused: 0, waiting: 0 });
  assert.equal(said.length, 1);
  record(1);
  assert.deepEqual(stats().waiting, 0);
});

test('a second init sends what the first one has', async () => {
  setUp(ledger);
  record(2);
  setUp(ledger);
  await ledger.untilRequests(1);
  assert.equal(ledger.spans.length, 2);
});

test('debug says what is sent, but neither content nor key nor user', async () => {
  setUp(ledger, { debug: true });
  const said = await listen(async () => {
    observe({ name: 'n', userId: 'secret-user', input: 'secret-input' }, () => 'secret-output');
    await flush();
  });
  assert.match(said.join('\n'), /1 spans of 1 traces: 202/);
  assert.doesNotMatch(said.join('\n'), new RegExp(`secret|${KEY}`));
});
