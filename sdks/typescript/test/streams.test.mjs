// Answers that arrive in pieces: generators, iterables and streams; the span ends when they do, or are left alone.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { runModule } from './support/child.mjs';
import { Ledger } from './support/ledger.mjs';
import { setUp } from './support/sdk.mjs';

const { observe } = CognObserve;

let ledger;
before(async () => (ledger = await Ledger.start()));
after(async () => {
  await CognObserve.shutdown();
  await ledger.stop();
});
beforeEach(async () => {
  await CognObserve.shutdown();
  ledger.requests.length = 0;
  setUp(ledger);
});

async function sentSpans() {
  await CognObserve.flush();
  return ledger.spans;
}

const outcome = ({ output, level, status_message: message }) => ({ output, level, message });

test('generators: to their end, abandoned, failing, with what is sent into them', async () => {
  function* count() {
    const got = yield 'a';
    yield `b${got}`;
    return 'end';
  }
  const generator = observe('talk', count);
  assert.deepEqual(generator.next(), { value: 'a', done: false });
  assert.deepEqual(generator.next(1), { value: 'b1', done: false });
  assert.deepEqual(generator.next(), { value: 'end', done: true });
  let cleaned = false;
  const endless = function* () {
    try {
      for (let at = 0; ; at += 1) {
        yield at;
      }
    } finally {
      cleaned = true;
    }
  };
  for (const at of observe('abandoned', endless)) {
    if (at === 2) break;
  }
  assert.ok(cleaned);
  const broken = function* () {
    yield 1;
    throw new Error('broke');
  };
  assert.throws(() => [...observe('broken', broken)], /^Error: broke$/);
  assert.deepEqual([...observe('empty', function* () {})], []);
  assert.deepEqual((await sentSpans()).map(outcome), [
    { output: 'ab1', level: undefined, message: undefined },
    { output: [0, 1, 2], level: undefined, message: undefined },
    { output: [1], level: 'ERROR', message: 'broke' },
    { output: undefined, level: undefined, message: undefined },
  ]);
});

test('async generators: the body runs in the scope of the call, wherever it is read', async () => {
  async function* answer() {
    yield 'Hel';
    await observe('inner', async () => {});
    yield `lo ${CognObserve.getUser().id}`;
  }
  const stream = observe({ name: 'stream', userId: 'u' }, answer);
  let text = '';
  for await (const piece of stream) {
    text += piece;
  }
  assert.equal(text, 'Hello u');
  const [trace] = (await sentSpans(), ledger.traces);
  assert.deepEqual(
    trace.spans.map((span) => [span.name, span.output]),
    [
      ['stream', 'Hello u'],
      ['inner', undefined],
    ],
  );
  assert.equal(trace.spans[1].parent_span_id, trace.spans[0].span_id);
});

test('async generators: abandoned, failing, and thrown into', async () => {
  async function* endless() {
    for (let at = 0; ; at += 1) {
      yield at;
    }
  }
  for await (const at of observe('abandoned', endless)) {
    if (at === 1) break;
  }
  const broken = observe('broken', async function* () {
    yield { a: 1 };
    throw new Error('cut');
  });
  await assert.rejects(async () => {
    for await (const _ of broken);
  }, /^Error: cut$/);
  const thrown = observe('thrown', endless);
  await thrown.next();
  await assert.rejects(thrown.throw(new Error('from outside')), /from outside/);
  assert.deepEqual((await sentSpans()).map(outcome), [
    { output: [0, 1], level: undefined, message: undefined },
    { output: [{ a: 1 }], level: 'ERROR', message: 'cut' },
    { output: [0], level: 'ERROR', message: 'from outside' },
  ]);
});

test('a promise of an async iterable that is no generator', async () => {
  const iterable = {
    kind: 'own',
    async *[Symbol.asyncIterator]() {
      yield 'x';
      yield 'y';
    },
  };
  const answer = await observe('iterable', async () => iterable);
  assert.equal(answer, iterable);
  assert.equal(CognObserve.stats().waiting, 0);
  for await (const _ of answer);
  assert.deepEqual((await sentSpans()).map(outcome), [{ output: 'xy', level: undefined, message: undefined }]);
});

test('streams of the web and of Node', async () => {
  const pieces = () =>
    new ReadableStream({
      start(to) {
        to.enqueue('a');
        to.enqueue('b');
        to.close();
      },
    });
  const web = observe('web', pieces);
  for await (const _ of web);
  let why;
  const open = () =>
    new ReadableStream({
      pull: (to) => to.enqueue('p'),
      cancel: (reason) => {
        why = reason;
      },
    });
  const reader = observe('cancelled', open).getReader();
  await reader.read();
  await reader.cancel('enough');
  assert.equal(why, 'enough');
  const broken = observe('broken', () => new ReadableStream({ pull: (to) => to.error(new Error('cut off')) }));
  await assert.rejects(broken.getReader().read(), /cut off/);
  const readable = observe('node', () => Readable.from(['1', '2']));
  assert.ok(readable instanceof Readable);
  for await (const _ of readable);
  const piped = observe('piped', () => Readable.from(['1', '2']));
  await new Promise((done) => piped.on('close', () => setImmediate(done)).resume());
  assert.deepEqual((await sentSpans()).map(outcome), [
    { output: 'ab', level: undefined, message: undefined },
    { output: 'p', level: undefined, message: undefined },
    { output: undefined, level: 'ERROR', message: 'cut off' },
    { output: '12', level: undefined, message: undefined },
    { output: undefined, level: undefined, message: undefined },
  ]);
});

test('a cursor of a database stays what it is, and one that is dropped is abandoned', async () => {
  const cursor = {
    at: 0,
    next: async () => 'a document',
    async *[Symbol.asyncIterator]() {
      yield 'a';
    },
  };
  const answer = observe('cursor', () => cursor);
  assert.equal(await answer.next(), 'a document');
  assert.equal(CognObserve.stats().waiting, 0);
  for await (const _ of answer);
  assert.deepEqual((await sentSpans()).map(outcome), [{ output: 'a', level: undefined, message: undefined }]);
  const text = `import { CognObserve } from '@cognobserve/sdk';
    CognObserve.init({ apiKey: 'key', endpoint: '${ledger.url}' });
    CognObserve.observe('dropped', async function* () {});
    CognObserve.observe('dropped, too', () => ({ async *[Symbol.asyncIterator]() {} }));
    for (let tries = 0; tries < 100 && CognObserve.stats().waiting < 2; tries += 1) {
      await new Promise(setImmediate);
      gc();
    }`;
  const { code, err } = await runModule(text, { flags: ['--expose-gc'] });
  assert.deepEqual([code, err], [0, '']);
  assert.deepEqual(ledger.spans.map((span) => span.name).sort(), ['cursor', 'dropped', 'dropped, too']);
});
