// A stream of the web is answered as it is: the same object, locked by nobody; and what is read of it is heard.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { Ledger } from './support/ledger.mjs';
import { setUp } from './support/sdk.mjs';

const { observe, flush } = CognObserve;

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

const fill = (to) => {
  to.enqueue('a');
  to.enqueue('b');
  to.close();
};
const pieces = () => new ReadableStream({ start: fill });

/** `name → output, level` of all that was sent. */
async function outcomes() {
  await flush();
  return Object.fromEntries(ledger.spans.map(({ name, output, level }) => [name, level ? [output, level] : output]));
}

test('it is the same object, of its own class, which nobody has locked', async () => {
  class Special extends ReadableStream {
    #secret = 7;
    get secret() {
      return this.#secret;
    }
  }
  const special = new Special({ start: fill });
  const answer = observe('special', () => special);
  assert.equal(answer, special);
  assert.ok(answer instanceof Special && !answer.locked);
  assert.deepEqual([answer.secret, Object.keys(answer)], [7, []]);
  const later = await observe('later', async () => special);
  assert.ok(later === special && !special.locked);
});

test('the body of a response: read in part by itself, and whole by the response', async () => {
  const response = new Response('xyz');
  const reader = observe('bytes', () => response.body).getReader({ mode: 'byob' });
  const { value } = await reader.read(new Uint8Array(8));
  assert.equal(new TextDecoder().decode(value), 'xyz');
  assert.equal((await reader.read(new Uint8Array(8))).done, true);
  const other = new Response('x');
  assert.equal(
    observe('body', () => other.body),
    other.body,
  );
  assert.equal(await other.text(), 'x');
  assert.equal(await new Response(observe('made a body', () => new Response('y').body)).text(), 'y');
  assert.deepEqual(Object.keys(await outcomes()).sort(), ['body', 'bytes', 'made a body']);
});

test('read, iterated, split, made one of Node, piped, cancelled', async () => {
  const reader = observe('read', pieces).getReader();
  while (!(await reader.read()).done);
  for await (const _ of observe('iterated', pieces));
  for await (const _ of observe('values', pieces).values({ preventCancel: true }));
  const [left, right] = observe('split', pieces).tee();
  for await (const _ of left);
  for await (const _ of right);
  for await (const _ of Readable.fromWeb(observe('node', pieces)));
  const got = [];
  const sink = () => new WritableStream({ write: (piece) => void got.push(piece) });
  await observe('piped', pieces).pipeTo(sink());
  await observe('through', pieces).pipeThrough(new TransformStream()).pipeTo(sink());
  assert.deepEqual(got, ['a', 'b', 'a', 'b']);
  await observe('cancelled', pieces).cancel();
  const whole = { read: 'ab', iterated: 'ab', values: 'ab', split: 'ab', node: 'ab' };
  assert.deepEqual(await outcomes(), { ...whole, piped: undefined, through: undefined, cancelled: undefined });
});

test('a reader that is let go of says nothing of the stream; the next one goes on', async () => {
  const stream = observe('in turns', pieces);
  const first = stream.getReader();
  await first.read();
  first.releaseLock();
  await assert.rejects(first.read(), TypeError);
  const next = stream.getReader();
  while (!(await next.read()).done);
  assert.deepEqual(await outcomes(), { 'in turns': 'ab' });
});

test('a failure reaches whoever reads or pipes, and the span', async () => {
  const broken = () => new ReadableStream({ pull: (to) => to.error(new Error('cut off')) });
  await assert.rejects(observe('read', broken).getReader().read(), /cut off/);
  await assert.rejects(observe('piped', broken).pipeTo(new WritableStream()), /cut off/);
  assert.throws(() => observe('no bytes', pieces).getReader({ mode: 'byob' }), TypeError);
  const { read, piped } = await outcomes();
  assert.deepEqual([read, piped], [
    [undefined, 'ERROR'],
    [undefined, 'ERROR'],
  ]);
});

test('what is locked or frozen ends when it is answered', async () => {
  const locked = pieces();
  locked.getReader();
  const frozen = Object.freeze(pieces());
  assert.equal(
    observe('locked', () => locked),
    locked,
  );
  assert.equal(
    observe('frozen', () => frozen),
    frozen,
  );
  assert.deepEqual(Object.keys(await outcomes()), ['locked', 'frozen']);
});

test('where streams are read behind their methods, the call ends when it answers', async () => {
  globalThis.Deno = {};
  try {
    const stream = observe('elsewhere', pieces);
    assert.ok(!Object.hasOwn(stream, 'getReader'));
    assert.deepEqual(Object.keys(await outcomes()), ['elsewhere']);
  } finally {
    delete globalThis.Deno;
  }
});
