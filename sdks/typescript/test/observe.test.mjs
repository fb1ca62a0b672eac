// What observe() does with functions of every kind: the app sees no difference, the span ends when the answer does.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { inspect } from 'node:util';
import { CognObserve } from '@cognobserve/sdk';
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

test('a synchronous function answers synchronously, a failure goes through as it is', async () => {
  assert.equal(
    observe('add', () => 1 + 1),
    2,
  );
  const error = new TypeError('no');
  assert.throws(
    () =>
      observe('fail', () => {
        throw error;
      }),
    (thrown) => thrown === error,
  );
  assert.throws(
    () =>
      observe('text', () => {
        throw 'only text';
      }),
    (thrown) => thrown === 'only text',
  );
  assert.throws(
    () =>
      observe('nothing', () => {
        throw undefined;
      }),
    (thrown) => thrown === undefined,
  );
  assert.deepEqual((await sentSpans()).map(outcome), [
    { output: 2, level: undefined, message: undefined },
    { output: undefined, level: 'ERROR', message: 'no' },
    { output: undefined, level: 'ERROR', message: 'only text' },
    { output: undefined, level: 'ERROR', message: 'undefined' },
  ]);
});

test('an asynchronous function, its rejection, and a promise of a class of its own', async () => {
  assert.equal(await observe('later', async () => 'value'), 'value');
  const error = new Error('rejected');
  await assert.rejects(
    observe('fails', () => Promise.reject(error)),
    (thrown) => thrown === error,
  );
  class Special extends Promise {
    #secret = 7;
    withSecret() {
      return this.then((value) => value + this.#secret);
    }
  }
  const special = observe('special', () => Special.resolve(1));
  assert.ok(special instanceof Special);
  assert.equal(await special.withSecret(), 8);
  assert.equal(await special, 1);
  assert.equal(await special.finally(() => {}), 1);
  assert.deepEqual(
    (await sentSpans()).map((span) => span.name),
    ['later', 'fails', 'special'],
  );
});

test('a lazy thenable is asked as often as the app asks, and no more', async () => {
  let asked = 0;
  const query = { then: (done) => done((asked += 1)), where: () => query };
  const answer = observe('query', () => query);
  assert.equal(asked, 0);
  assert.equal(await answer, 1);
  assert.equal(asked, 1);
});

test('a builder whose methods answer itself is told when it runs', async () => {
  class Query {
    #parts = [];
    where(part) {
      this.#parts.push(part);
      return this;
    }
    then(done, failed) {
      return Promise.resolve(this.#parts.join(' and ')).then(done, failed);
    }
  }
  assert.equal(await observe('query', () => new Query()).where('a').where('b'), 'a and b');
  assert.deepEqual((await sentSpans()).map(outcome), [{ output: 'a and b', level: undefined, message: undefined }]);
});

test('what the SDK gives to the app holds no key, wherever it ends up', async () => {
  const inspected = await CognObserve.trace('t', async (trace) =>
    inspect([trace, CognObserve.getActiveSpan()], { depth: 9, showHidden: true }),
  );
  await CognObserve.trace('answered', async (trace) => [trace, CognObserve.getActiveSpan()]);
  const [, answered] = await sentSpans();
  assert.equal(answered.output[1].id, answered.span_id);
  assert.doesNotMatch(inspected + JSON.stringify(answered), /co_sk_/);
});

test('what can be told of the running span wins over what is read; captures can be left out', async () => {
  const answer = {
    object: 'chat.completion',
    model: 'read',
    choices: [{ message: { content: 'x' } }],
    usage: { prompt_tokens: 1, completion_tokens: 2 },
  };
  await observe({ name: 'told', type: 'generation' }, async (span) => {
    span.setModel('told', { temperature: 1 }).setUsage({ completionTokens: 9, cacheWriteTokens: 3 });
    span.setOutput('own').setCost(0.5).setLevel('DEBUG', 'note').setMetadata({ a: 1 }).setMetadata({ b: 2 });
    return answer;
  });
  await observe({ name: 'quiet', input: 'in', captureInput: false, captureOutput: false }, async () => 'out');
  const [told, quiet] = await sentSpans();
  assert.equal(told.model, 'told');
  assert.deepEqual(told.model_parameters, { temperature: 1 });
  assert.deepEqual(told.usage, { prompt_tokens: 1, completion_tokens: 9, cache_write_tokens: 3 });
  assert.deepEqual([told.output, told.total_cost, told.level, told.status_message], ['own', 0.5, 'DEBUG', 'note']);
  assert.deepEqual(told.metadata, { a: 1, b: 2 });
  assert.ok(!('input' in quiet) && !('output' in quiet));
});

test('a function is called once, with its own name, whatever the options are', async () => {
  let calls = 0;
  const hostile = {
    get name() {
      throw new Error('hostile');
    },
  };
  for (const options of [undefined, null, 7, {}, hostile, { metadata: 'text', user: 5, sessionId: {} }]) {
    assert.equal(
      observe(options, function named(span) {
        calls += 1;
        span.setInput(1).end();
        return 'fine';
      }),
      'fine',
    );
  }
  assert.equal(calls, 6);
  const names = (await sentSpans()).map((span) => span.name);
  assert.deepEqual(names, ['named', 'named', 'named', 'named', 'call', 'named']);
});

test('what is set after the end, and a second end, do nothing', async () => {
  const trace = CognObserve.startTrace('t');
  const span = trace.startSpan('s').setOutput('first');
  span.end();
  span.setOutput('second').setError(new Error('late')).end();
  trace.end();
  trace.end();
  assert.deepEqual((await sentSpans()).map(outcome), [{ output: 'first', level: undefined, message: undefined }]);
});
