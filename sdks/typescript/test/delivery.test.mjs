// What happens on the way to the server: what is tried again, what is final, what is counted, and nothing twice.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { pauseBefore, readRetryAfter } from '../dist/esm/sender.js';
import { accept, KEY, Ledger } from './support/ledger.mjs';
import { hurry, listen, NEVER_MS, setUp } from './support/sdk.mjs';

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
const told = (status, headers) => ({ status, headers, body: '{}' });
/** Answers with each in turn, then as the server does. */
const inTurn =
  (...answers) =>
  (body, at) =>
    answers[at] ?? accept(body);
const ids = (request) => request.body.traces.flatMap((trace) => [trace.trace_id, ...trace.spans.map((s) => s.span_id)]);

/** Real time for what is short, none for pauses. */
function afterReal(milliseconds, call) {
  const timer = milliseconds === NEVER_MS ? undefined : setTimeout(call, Math.min(milliseconds, 50));
  return () => clearTimeout(timer);
}

test('a batch: path, key, gzip over 1 KiB, and a base path that is kept', async () => {
  setUp(ledger, { endpoint: `${ledger.url}/base/` });
  record(1);
  await flush();
  record(20);
  await flush();
  const [small, large] = ledger.requests;
  assert.equal(small.path, '/base/v1/traces/batch');
  assert.equal(small.headers['x-api-key'], KEY);
  assert.equal(small.headers['content-type'], 'application/json');
  assert.deepEqual([small.isPacked, large.isPacked], [false, true]);
  assert.ok(large.bytes < JSON.stringify(large.body).length / 2);
  assert.deepEqual(stats(), { sent: 21, dropped: 0, refused: 0, waiting: 0 });
});

test('429, 5xx and broken connections are tried again with the same bytes', async () => {
  const { pauses, platform } = hurry();
  setUp(ledger, {}, platform);
  ledger.answer = inTurn(told(429), told(500), 'break', told(503), told(520));
  record(3);
  await flush();
  assert.equal(ledger.requests.length, 6);
  for (const request of ledger.requests) {
    assert.deepEqual(request.body, ledger.requests[0].body);
  }
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000]);
  assert.deepEqual(stats(), { sent: 3, dropped: 0, refused: 0, waiting: 0 });
});

test('after the last try the batch is dropped and counted, with one warning', async () => {
  const { pauses, platform } = hurry();
  setUp(ledger, { maxRetries: 2 }, platform);
  ledger.answer = () => told(502);
  const said = await listen(async () => {
    record(3);
    await flush();
    record(2);
    await flush();
  });
  assert.equal(said.length, 1);
  assert.match(said[0], /502/);
  assert.deepEqual(pauses, [500, 1000, 2000, 500, 1000]);
  assert.deepEqual(stats(), { sent: 0, dropped: 5, refused: 0, waiting: 0 });
});

test('pauses: doubled to 30 s, half of it chance; Retry-After is the least, up to 60 s', async () => {
  assert.deepEqual(
    [1, 2, 7, 20].map((next) => pauseBefore(next, 1, 0)),
    [500, 1000, 30_000, 30_000],
  );
  assert.deepEqual(
    [1, 2, 7].map((next) => pauseBefore(next, 0, 0)),
    [250, 500, 15_000],
  );
  assert.equal(pauseBefore(1, 0, 7000), 7000);
  const now = Date.UTC(2026, 0, 1);
  const date = (ms) => new Date(now + ms).toUTCString();
  const cases = [
    ['7', 7000],
    ['0', 0],
    ['600', 60_000],
    ['-1', 0],
    ['soon', 0],
    ['', 0],
    [undefined, 0],
  ];
  for (const [text, pause] of [...cases, [date(9000), 9000], [date(-9000), 0], [date(NEVER_MS), 60_000]]) {
    assert.equal(readRetryAfter(text, now), pause, String(text));
  }
});

test('a server that says when: in seconds, and as a date', async () => {
  const { pauses, platform } = hurry();
  const now = Date.UTC(2026, 10, 22, 10);
  setUp(ledger, {}, { ...platform, now: () => now });
  const date = new Date(now + 20_000).toUTCString();
  ledger.answer = inTurn(told(429, { 'retry-after': '17' }), told(503, { 'retry-after': date }));
  record(1);
  await flush();
  assert.deepEqual(pauses, [17_000, 20_000]);
  assert.equal(stats().sent, 1);
});

test('a try that hangs is given up in time and tried again', async () => {
  setUp(ledger, { requestTimeout: 50 }, { after: afterReal });
  ledger.answer = inTurn('hang');
  record(2);
  await flush();
  assert.equal(ledger.requests.length, 2);
  assert.deepEqual(stats(), { sent: 2, dropped: 0, refused: 0, waiting: 0 });
});

test('a server that is killed and comes back gets everything once', async () => {
  const own = await Ledger.start();
  let isBack = false;
  const pauses = [];
  const after = (milliseconds, call) => {
    if (milliseconds === NEVER_MS) {
      return () => {};
    }
    pauses.push(milliseconds);
    // It comes back during the third pause.
    void (async () => {
      if (pauses.length === 3) {
        await own.listen();
        isBack = true;
      }
      setImmediate(call);
    })();
    return () => {};
  };
  setUp(own, {}, { after, random: () => 1 });
  record(3);
  await flush();
  await own.stop();
  record(4, 3);
  await flush();
  assert.ok(isBack);
  record(2, 7);
  await flush();
  const all = own.requests.flatMap(ids);
  assert.equal(new Set(all).size, all.length);
  assert.deepEqual(
    own.spans.map((span) => span.output),
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
  );
  assert.deepEqual(stats(), { sent: 9, dropped: 0, refused: 0, waiting: 0 });
  await own.stop();
});

test('an answer that is lost: the same ids come again, and are counted once', async () => {
  const { platform } = hurry();
  setUp(ledger, {}, platform);
  ledger.answer = inTurn('break');
  record(2);
  await flush();
  assert.deepEqual(ids(ledger.requests[0]), ids(ledger.requests[1]));
  assert.equal(stats().sent, 2);
});

test('413 halves until one trace is alone, which is dropped', async () => {
  setUp(ledger);
  ledger.answer = (body) => (body.traces.some((trace) => trace.name === 'call 5') ? told(413) : accept(body));
  const said = await listen(async () => {
    record(8);
    await flush();
  });
  assert.deepEqual(
    ledger.requests.map((request) => request.body.traces.length),
    [8, 4, 4, 2, 1, 1, 2],
  );
  assert.deepEqual(stats(), { sent: 7, dropped: 1, refused: 0, waiting: 0 });
  assert.equal(said.length, 1);
});

test('a batch that is taken in part: what was refused is said, counted and never sent again', async () => {
  setUp(ledger);
  ledger.answer = (body) => {
    const taken = accept(body);
    const error = { code: 'user_id_too_long', message: 'over 255 characters', path: 'user_id' };
    taken.body.results[1] = { ...taken.body.results[1], success: false, error };
    return taken;
  };
  const said = await listen(async () => {
    record(3);
    await flush();
    await flush();
  });
  assert.equal(ledger.requests.length, 1);
  assert.deepEqual(stats(), { sent: 2, dropped: 0, refused: 1, waiting: 0 });
  assert.equal(said.length, 1);
  assert.match(said[0], /user_id_too_long: over 255 characters/);
});

test('every other answer is final: 400, 401, 403, 404, redirects', async () => {
  for (const status of [400, 401, 403, 404, 301, 308]) {
    setUp(ledger, {}, hurry().platform);
    ledger.requests.length = 0;
    ledger.answer = () => told(status, { location: `${ledger.url}/elsewhere` });
    const said = await listen(async () => {
      record(2);
      await flush();
      record(1);
      await flush();
    });
    assert.equal(ledger.requests.length, 2, String(status));
    assert.equal(said.length, 1);
    assert.match(said[0], new RegExp(String(status)));
    assert.ok(!said[0].includes(KEY));
    assert.deepEqual(stats(), { sent: 0, dropped: 3, refused: 0, waiting: 0 });
  }
});

test('what is heard is not trusted: an answer that is no JSON, or has other results, took nothing', async () => {
  setUp(ledger);
  const said = await listen(async () => {
    for (const body of ['no JSON', '{}', '{"results": 7}', '{"results": [null, 5]}', '{"results": []}', 'null']) {
      ledger.answer = () => ({ status: 202, body });
      record(3);
      await flush();
    }
  });
  assert.equal(ledger.requests.length, 6);
  assert.deepEqual(stats(), { sent: 0, dropped: 18, refused: 0, waiting: 0 });
  assert.equal(said.length, 1);
  assert.match(said[0], /is the endpoint right/);
});
