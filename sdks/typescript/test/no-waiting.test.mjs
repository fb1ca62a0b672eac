// Calls of the app neither touch the network nor wait for it, whatever the server does; what is lost by that is counted.
// No time is measured: what is looked at is in which tick a socket is asked for.
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { accept, Ledger } from './support/ledger.mjs';
import { listen, NEVER_MS, setUp } from './support/sdk.mjs';

const CALLS = 200;
const { observe, withUser, stats } = CognObserve;

let ledger;
let sockets = 0;
const { connect, write } = Socket.prototype;
before(async () => {
  ledger = await Ledger.start();
  // Each socket that is opened, and each time that one is written to.
  Socket.prototype.connect = function (...given) {
    sockets += 1;
    return connect.apply(this, given);
  };
  Socket.prototype.write = function (...given) {
    sockets += 1;
    return write.apply(this, given);
  };
});
after(async () => {
  Object.assign(Socket.prototype, { connect, write });
  await ledger.stop();
});
beforeEach(() => {
  ledger.requests.length = 0;
  ledger.answer = accept;
});
afterEach(() => CognObserve.shutdown());

/** Everything that an app may call in the midst of its own work, besides what is meant to wait. */
function callAll(at) {
  withUser({ id: `user-${at % 7}`, name: 'John' }, () =>
    observe({ name: 'call', input: 'x'.repeat(2000) }, (span) => {
      span.setOutput(at).setMetadata({ at });
      CognObserve.log('event', { at });
    }),
  );
  CognObserve.track('event', { at });
  const trace = CognObserve.startTrace('by hand');
  trace.startSpan('step').end();
  void trace.end();
}
const SPANS_OF_ALL = 3;

/** Whether `promise` is kept without the event loop having turned, which the network needs. */
async function isKeptAtOnce(promise) {
  let hasTurned = false;
  const turn = setImmediate(() => (hasTurned = true));
  await promise;
  clearImmediate(turn);
  return !hasTurned;
}

for (const [about, answer, isTaken] of [
  ['is well', accept, true],
  ['hangs', () => 'hang', false],
  ['breaks off', () => 'break', false],
  ['answers 429', () => ({ status: 429, headers: { 'retry-after': '1' } }), false],
  ['answers 503', () => ({ status: 503 }), false],
]) {
  test(`a call never touches the network or waits for it while the server ${about}`, async () => {
    ledger.answer = answer;
    // A request that is cut off at the end may have arrived: a server that is well is waited for.
    const shutdownTimeout = isTaken ? NEVER_MS : 50;
    const options = { maxBatchSize: 1, maxQueueSize: 20, maxRetries: 2, shutdownTimeout };
    setUp(ledger, options, { after: notAtOnce });
    await listen(async () => {
      for (let at = 0; at < CALLS; at += 1) {
        const before = sockets;
        callAll(at);
        assert.equal(sockets, before, 'a socket was touched within a call');
        assert.ok(await isKeptAtOnce(observe('later', async () => at)), 'a call was held up');
        if (at % 10 === 9) {
          await new Promise(setImmediate);
        }
      }
      if (!isTaken) {
        await ledger.untilRequests(1);
        assert.equal(stats().sent, 0);
      }
      await CognObserve.shutdown();
    });
    assert.ok(sockets > 0);
    const { sent, dropped, refused, waiting } = stats();
    assert.deepEqual([sent + dropped, refused, waiting], [CALLS * (SPANS_OF_ALL + 1), 0, 0]);
    assert.equal(sent > 0, isTaken);
    const arrived = new Set(ledger.spans.map((span) => span.span_id)).size;
    assert.ok(isTaken ? arrived === sent : dropped === CALLS * (SPANS_OF_ALL + 1));
  });
}

/** Pauses go by soon, so that tries come again and again while calls go on; intervals never. */
function notAtOnce(milliseconds, call) {
  const timer = milliseconds >= NEVER_MS ? undefined : setTimeout(call, Math.min(milliseconds, 5));
  return () => clearTimeout(timer);
}
