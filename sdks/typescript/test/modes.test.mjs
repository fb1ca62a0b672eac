// The ways to run: immediate, disabled, without a key, from the environment, without init; and masks.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { readConfig } from '../dist/esm/config.js';
import { accept, KEY, Ledger } from './support/ledger.mjs';
import { hurry, listen, setUp } from './support/sdk.mjs';

const { observe, stats, flush } = CognObserve;

let ledger;
before(async () => (ledger = await Ledger.start()));
after(() => ledger.stop());
beforeEach(() => {
  ledger.requests.length = 0;
  ledger.answer = accept;
});
afterEach(() => CognObserve.shutdown());

test('immediate: the trace has arrived when the call answers', async () => {
  setUp(ledger, { mode: 'immediate' });
  await observe({ name: 'outer', userId: 'u' }, async () => {
    await observe('inner', async () => {});
    assert.equal(ledger.requests.length, 0);
  });
  assert.deepEqual(
    ledger.spans.map((span) => span.name),
    ['outer', 'inner'],
  );
  await assert.rejects(
    observe('fails', async () => {
      throw new Error('no');
    }),
    /^Error: no$/,
  );
  assert.equal(ledger.requests.length, 2);
  const stream = observe('stream', async function* () {
    yield 1;
  });
  for await (const _ of stream);
  assert.equal(ledger.requests.length, 3);
  await observe({ name: 'mine', userId: 'a' }, () => observe({ name: 'theirs', userId: 'b' }, async () => {}));
  assert.deepEqual(
    ledger.traces.map((trace) => trace.name),
    ['outer', 'fails', 'stream', 'theirs', 'mine'],
  );
  assert.equal(stats().sent, 6);
});

test('immediate: a call that ends its span by itself is sent when it answers, too', async () => {
  setUp(ledger, { mode: 'immediate' });
  await observe('early', async (span) => {
    span.end();
    await new Promise(setImmediate);
  });
  assert.deepEqual(
    ledger.spans.map((span) => span.name),
    ['early'],
  );
  // One after the other, each as soon as the one before has been sent.
  for (let at = 0; at < 30; at += 1) {
    await observe(`call ${at}`, async () => {});
    assert.equal(ledger.spans.length, at + 2);
  }
});

test('immediate: many at once, by hand, and late spans', async () => {
  setUp(ledger, { mode: 'immediate' });
  await Promise.all(Array.from({ length: 20 }, (_, at) => observe(`call ${at}`, async () => {})));
  assert.equal(ledger.spans.length, 20);
  const trace = CognObserve.startTrace('by hand');
  const late = trace.startSpan('late');
  trace.startSpan('early').end();
  trace.end();
  await flush();
  late.end();
  await flush();
  assert.deepEqual(
    ledger.traces.slice(-2).map((t) => t.spans.map((s) => s.name)),
    [['early'], ['late']],
  );
});

test('immediate: a dead server holds a call up no longer than the end of a program', async () => {
  setUp(ledger, { mode: 'immediate', shutdownTimeout: 1 }, hurry().platform);
  ledger.answer = () => 'hang';
  assert.equal(await observe('call', async () => 'answer'), 'answer');
});

test('disabled and without a key: calls run, nothing is recorded or sent', async () => {
  for (const [options, warnings] of [
    [{ disabled: true }, 0],
    [{ apiKey: '' }, 1],
    [{ apiKey: 'ä\n' }, 1],
    [{ endpoint: 'nowhere' }, 1],
    [{ endpoint: 'ftp://a' }, 1],
  ]) {
    const said = await listen(async () => {
      setUp(ledger, options);
      const answer = await CognObserve.withUser('u', () =>
        observe(
          {
            name: 'a',
            input: {
              get bad() {
                throw new Error('looked at');
              },
            },
          },
          async (span) => {
            span.setOutput(1).setUsage({ promptTokens: 1 }).end();
            assert.equal(CognObserve.getUser().id, 'u');
            CognObserve.log('event');
            return 'fine';
          },
        ),
      );
      assert.equal(answer, 'fine');
      const trace = CognObserve.startTrace('t');
      trace.startSpan('s').end();
      trace.end();
      assert.deepEqual(
        [
          ...observe('g', function* () {
            yield 1;
          }),
        ],
        [1],
      );
      await flush();
    });
    assert.equal(said.length, warnings, JSON.stringify(options));
    assert.deepEqual(stats(), { sent: 0, dropped: 0, refused: 0, waiting: 0 });
  }
  assert.equal(ledger.requests.length, 0);
});

test('the environment: read without an option, overruled by one', () => {
  const environment = {
    COGNOBSERVE_API_KEY: ' key ',
    COGNOBSERVE_ENDPOINT: 'https://example.com/base/',
    COGNOBSERVE_DEBUG: 'Yes',
    COGNOBSERVE_CAPTURE_CONTENT: 'off',
  };
  const read = readConfig({}, environment);
  assert.deepEqual(
    [read.apiKey, read.endpoint, read.debug, read.captureContent, read.isOn],
    ['key', 'https://example.com/base', true, false, true],
  );
  const own = readConfig({ apiKey: 'own', endpoint: 'http://a:1', debug: false, captureContent: true }, environment);
  assert.deepEqual(
    [own.apiKey, own.endpoint, own.debug, own.captureContent],
    ['own', 'http://a:1', false, true],
  );
  for (const [text, isOn] of [
    ['true', false],
    ['1', false],
    ['yes', false],
    ['ON', false],
    ['false', true],
    ['0', true],
    ['', true],
    ['?', true],
  ]) {
    assert.equal(readConfig({}, { ...environment, COGNOBSERVE_DISABLED: text }).isOn, isOn, text);
  }
  assert.equal(readConfig({ disabled: false }, { ...environment, COGNOBSERVE_DISABLED: '1' }).isOn, true);
});

test('defaults, and options that make no sense', async () => {
  const expected = {
    maxQueueSize: 2048,
    maxBatchSize: 512,
    flushInterval: 5000,
    requestTimeout: 10_000,
    maxRetries: 5,
    shutdownTimeout: 5000,
  };
  const nonsense = Object.fromEntries(Object.keys(expected).map((key) => [key, -3]));
  const texts = Object.fromEntries(Object.keys(expected).map((key) => [key, 'many']));
  for (const given of [{}, nonsense, texts, { maxQueueSize: NaN, mask: 'no', mode: 'sometimes', endpoint: 7 }]) {
    const { apiKey, endpoint, isOn, debug, captureContent, mask, isImmediate, ...numbers } = readConfig(
      { apiKey: KEY, ...given },
      {},
    );
    assert.deepEqual(numbers, expected);
    assert.deepEqual(
      [endpoint, isOn, debug, captureContent, mask, isImmediate],
      ['http://127.0.0.1:4100', true, false, true, undefined, false],
    );
  }
  for (const options of [
    null,
    5,
    {
      get apiKey() {
        throw new Error('no');
      },
    },
  ]) {
    await listen(async () => CognObserve.init(options));
    assert.equal(
      observe('call', () => 1),
      1,
    );
  }
});

test('without init: the environment counts, one warning if it names no key', async () => {
  const state = globalThis[Symbol.for('@cognobserve/sdk@0')];
  delete state.client;
  Object.assign(state.counts, { sent: 0, dropped: 0, refused: 0 });
  state.warned.clear();
  const said = await listen(async () => {
    CognObserve.withUser('u', () => CognObserve.getUser());
    await flush();
    assert.deepEqual(stats(), { sent: 0, dropped: 0, refused: 0, waiting: 0 });
    assert.equal(
      observe('a', () => 1),
      1,
    );
    assert.equal(
      observe('b', () => 2),
      2,
    );
  });
  assert.equal(said.length, 1);
  assert.match(said[0], /COGNOBSERVE_API_KEY/);
});

test('a mask sees a copy, once for each, and knows what it is', async () => {
  const seen = [];
  const input = { messages: ['secret'] };
  const mask = (content, kind) => {
    seen.push([kind, JSON.stringify(content)]);
    content.messages = [];
    return kind === 'input' ? content : undefined;
  };
  setUp(ledger, { mask });
  observe({ name: 'a', input }, () => ({ messages: ['answer'] }));
  observe({ name: 'b', input: 1 }, () => {});
  await flush();
  assert.deepEqual(seen, [
    ['input', '{"messages":["secret"]}'],
    ['output', '{"messages":["answer"]}'],
    ['input', '1'],
  ]);
  assert.deepEqual(input, { messages: ['secret'] });
  assert.deepEqual(
    ledger.spans.map(({ input: sent, output }) => [sent, output]),
    [
      [{ messages: [] }, undefined],
      ['[masked]', undefined],
    ],
  );
});

test('a mask that answers later, or what JSON has no word for', async () => {
  for (const [mask, sent] of [
    [async () => 'x', '[masked]'],
    [() => 1n, '1'],
    [() => null, undefined],
  ]) {
    setUp(ledger, { mask });
    ledger.requests.length = 0;
    observe({ name: 'a', input: 'secret' }, () => {});
    await flush();
    assert.equal(ledger.spans[0].input, sent);
  }
});

test('input is told as it was when it went in', async () => {
  setUp(ledger);
  const messages = [{ role: 'user', content: 'Hi' }];
  await observe(
    { name: 'a', input: messages },
    async () => void messages.push({ role: 'assistant', content: 'Hello' }),
  );
  await flush();
  assert.equal(ledger.spans[0].input.length, 1);
});
