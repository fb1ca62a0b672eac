// A second `init`, and the end: nothing of what began before is lost, told elsewhere, or left out of the counts.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { Ledger } from './support/ledger.mjs';
import { listen, NEVER_MS, setUp } from './support/sdk.mjs';

const { observe, stats, flush, init } = CognObserve;

let first;
let second;
before(async () => ([first, second] = [await Ledger.start(), await Ledger.start()]));
after(() => Promise.all([first.stop(), second.stop()]));
beforeEach(() => [first, second].forEach((ledger) => (ledger.requests.length = 0)));
afterEach(() => CognObserve.shutdown());

const names = (ledger) => ledger.spans.map((span) => span.name);
const initAgain = () => init({ apiKey: 'another', endpoint: second.url, flushInterval: NEVER_MS });

test('calls that are open go where they began, with that key, and all are counted together', async () => {
  setUp(first);
  observe('before', () => 1);
  let finish;
  const open = observe({ name: 'open', userId: 'u', type: 'generation' }, async (span) => {
    await new Promise((done) => (finish = done));
    span.setOutput('late');
    await observe('within', async () => {});
  });
  const byHand = CognObserve.startTrace('by hand');
  initAgain();
  observe('after', () => 1);
  await first.untilRequests(1);
  finish();
  await open;
  byHand.startSpan('step').end();
  byHand.end();
  assert.equal(stats().waiting + stats().sent, 5);
  await flush();
  assert.deepEqual(names(first), ['before', 'open', 'within', 'step']);
  assert.equal(first.spans[1].output, 'late');
  assert.deepEqual(names(second), ['after']);
  assert.deepEqual(stats(), { sent: 5, dropped: 0, refused: 0, waiting: 0 });
  assert.deepEqual([...new Set(second.requests.map(({ headers }) => headers['x-api-key']))], ['another']);
  assert.ok(first.requests.every(({ headers }) => headers['x-api-key'] !== 'another'));
});

test('shutdown sends what all of them have and closes them; what ends later is dropped, counted, and said once', async () => {
  setUp(first);
  const trace = CognObserve.startTrace('of the first');
  initAgain();
  const late = [trace.startSpan('late'), CognObserve.startTrace('of the second').startSpan('late, too')];
  trace.startSpan('in time').end();
  const said = await listen(async () => {
    await CognObserve.shutdown();
    assert.deepEqual(names(first), ['in time']);
    late.forEach((span) => span.end());
    assert.equal(
      observe('new', () => 'answer'),
      'answer',
    );
    await flush();
  });
  assert.deepEqual(stats(), { sent: 1, dropped: 3, refused: 0, waiting: 0 });
  assert.equal(said.length, 1);
  assert.match(said[0], /after shutdown/);
  assert.equal(first.spans.length + second.spans.length, 1);
  initAgain();
  observe('again', () => 1);
  await flush();
  assert.deepEqual(names(second), ['again']);
});
