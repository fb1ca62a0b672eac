// Traces by hand: what their end promises, and those that end without any span.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { accept, Ledger } from './support/ledger.mjs';
import { hurry, listen, setUp } from './support/sdk.mjs';

const { startTrace, stats, flush } = CognObserve;

let ledger;
before(async () => (ledger = await Ledger.start()));
after(() => ledger.stop());
beforeEach(() => {
  ledger.requests.length = 0;
  ledger.answer = accept;
});
afterEach(() => CognObserve.shutdown());

const namesSent = () => ledger.traces.map((trace) => [trace.name, trace.spans.map((span) => span.name)]);

test('immediate: end() is kept when the trace has arrived', async () => {
  setUp(ledger, { mode: 'immediate' });
  const trace = startTrace('by hand');
  trace.startSpan('step').end();
  const late = trace.startSpan('late');
  await trace.end();
  assert.deepEqual([namesSent(), stats().sent], [[['by hand', ['step']]], 1]);
  // Whoever ends it again waits for what came in between.
  late.end();
  await trace.end();
  assert.deepEqual([ledger.requests.length, stats().sent], [2, 2]);
  await startTrace('without spans').end();
  assert.deepEqual(namesSent().at(-1), ['without spans', []]);
});

test('immediate: end() is kept, too, when nobody answers, and does not wait longer than the end of a program', async () => {
  for (const answer of [() => 'hang', () => 'break', () => ({ status: 503 }), () => ({ status: 401 })]) {
    setUp(ledger, { mode: 'immediate', shutdownTimeout: 1, maxRetries: 1 }, hurry().platform);
    ledger.answer = answer;
    await listen(async () => {
      const trace = startTrace('by hand');
      trace.startSpan('step').end();
      assert.equal(await trace.end(), undefined);
      await CognObserve.shutdown();
    });
    assert.deepEqual(stats(), { sent: 0, dropped: 1, refused: 0, waiting: 0 });
  }
});

test('batch and disabled: end() is kept at once, and nothing has been sent for it', async () => {
  for (const options of [{}, { disabled: true, mode: 'immediate' }]) {
    ledger.requests.length = 0;
    setUp(ledger, options);
    const trace = startTrace('by hand');
    trace.startSpan('step').end();
    let isKept = false;
    void trace.end().then(() => (isKept = true));
    await Promise.resolve();
    assert.deepEqual([isKept, ledger.requests.length], [true, 0]);
    await CognObserve.shutdown();
  }
});

test('a trace without spans is sent once, with all that is said of it', async () => {
  setUp(ledger);
  const trace = startTrace({ name: 'visit', user: { id: 'u', plan: 'pro' }, sessionId: 's', metadata: { page: 1 } });
  void trace.end();
  void trace.end();
  await flush();
  void trace.end();
  await flush();
  assert.equal(ledger.requests.length, 1);
  const [{ trace_id: id, timestamp, ...rest }] = ledger.traces;
  assert.equal(id, trace.id);
  assert.match(timestamp, /^\d{4}-/);
  const expected = { name: 'visit', user_id: 'u', user: { id: 'u', plan: 'pro' }, session_id: 's', metadata: { page: 1 } };
  assert.deepEqual(rest, { ...expected, spans: [] });
  assert.deepEqual(stats(), { sent: 0, dropped: 0, refused: 0, waiting: 0 });
});

test('a trace of which something has left, or comes before it leaves, is not sent without spans', async () => {
  setUp(ledger);
  const open = startTrace('open');
  open.startSpan('early').end();
  await flush();
  void open.end();
  const soon = startTrace('soon');
  const span = soon.startSpan('late');
  void soon.end();
  span.end();
  await flush();
  assert.deepEqual(namesSent(), [
    ['open', ['early']],
    ['soon', ['late']],
  ]);
  assert.equal(stats().waiting, 0);
});

test('traces without spans leave with time, many in one request, and take no spans along when the queue is full', async () => {
  const timers = [];
  const clock = (ms, call) => {
    timers.push({ ms, call });
    return () => {};
  };
  setUp(ledger, { maxQueueSize: 3, maxBatchSize: 2, flushInterval: 1234 }, { after: clock });
  const said = await listen(async () => {
    for (let at = 0; at < 5; at += 1) {
      void startTrace(`empty ${at}`).end();
    }
    CognObserve.observe('call', () => 1);
  });
  assert.match(said.join('\n'), /^\[cognobserve\] more traces without spans wait than maxQueueSize.*$/);
  timers.find((timer) => timer.ms === 1234).call();
  await ledger.untilRequests(1);
  assert.deepEqual(namesSent(), [
    ['empty 0', []],
    ['empty 1', []],
    ['empty 2', []],
    ['call', ['call']],
  ]);
});

test('a full queue drops the oldest span behind traces that have none', async () => {
  setUp(ledger, { maxQueueSize: 2 });
  await listen(async () => {
    void startTrace('empty').end();
    for (const name of ['a', 'b', 'c']) {
      CognObserve.observe(name, () => 1);
    }
  });
  assert.deepEqual(stats(), { sent: 0, dropped: 1, refused: 0, waiting: 2 });
  await flush();
  assert.deepEqual(namesSent(), [
    ['empty', []],
    ['b', ['b']],
    ['c', ['c']],
  ]);
});

test('a trace without spans that cannot be sent holds nothing up', async () => {
  setUp(ledger, { shutdownTimeout: 1 }, hurry().platform);
  ledger.answer = () => 'hang';
  const said = await listen(async () => {
    void startTrace('empty').end();
    await CognObserve.shutdown();
  });
  assert.deepEqual([said.length, stats().waiting], [1, 0]);
});
