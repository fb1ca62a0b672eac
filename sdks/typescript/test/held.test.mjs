// What a server asks for holds for all that is to be sent, not for the batch alone that it was said to.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { accept, Ledger } from './support/ledger.mjs';
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

for (const sharesWork of [true, false]) {
  test(`after a batch is given up the next waits as long as was asked, ${sharesWork ? 'in Node' : 'at the edge'}`, async () => {
    const { pauses, platform } = hurry();
    setUp(ledger, { maxRetries: 0 }, { ...platform, sharesWork });
    const asked = { status: 429, headers: { 'retry-after': '600' }, body: '{}' };
    ledger.answer = (body, at) => (at === 0 ? asked : accept(body));
    await listen(async () => {
      observe('given up', () => 1);
      await flush();
    });
    assert.deepEqual(pauses, []);
    observe('next', () => 1);
    await flush();
    // A minute at the most; once it is over, nothing is held.
    assert.deepEqual(pauses, [60_000]);
    observe('last', () => 1);
    await flush();
    assert.deepEqual(pauses, [60_000]);
    assert.deepEqual(stats(), { sent: 2, dropped: 1, refused: 0, waiting: 0 });
  });
}

test('the backoff, too', async () => {
  const { pauses, platform } = hurry();
  setUp(ledger, { maxRetries: 1 }, platform);
  ledger.answer = (body, at) => (at < 2 ? 'break' : accept(body));
  await listen(async () => {
    observe('given up', () => 1);
    await flush();
    observe('next', () => 1);
    await flush();
  });
  assert.deepEqual(pauses, [500, 1000]);
  assert.deepEqual(stats(), { sent: 1, dropped: 1, refused: 0, waiting: 0 });
});
