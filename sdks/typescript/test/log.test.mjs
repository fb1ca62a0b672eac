// Events: of the trace around them, of one of their own, and of whom.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { Ledger } from './support/ledger.mjs';
import { setUp } from './support/sdk.mjs';

const { observe, withUser, log } = CognObserve;

let ledger;
before(async () => (ledger = await Ledger.start()));
after(async () => {
  await CognObserve.shutdown();
  await ledger.stop();
});

test('within a trace of somebody, for another and for nobody: a trace of its own that says where it comes from', async () => {
  setUp(ledger);
  observe({ name: 'request', userId: 'a' }, () => {
    withUser('a', () => log('same'));
    withUser({ id: 'b', name: 'B' }, () => log('of b', { n: 1 }));
    withUser(null, () => log('of nobody'));
  });
  observe('unnamed', () => withUser('c', () => log('of c')));
  await CognObserve.flush();
  const byName = Object.fromEntries(ledger.traces.map((trace) => [trace.name, trace]));
  const names = (trace) => trace.spans.map((span) => span.name);
  assert.deepEqual(names(byName.request), ['request', 'same']);
  assert.deepEqual(names(byName.unnamed), ['unnamed']);
  const link = ({ trace_id: id, spans }) => ({ parent_trace_id: id, parent_span_id: spans[0].span_id });
  assert.deepEqual(byName['of b'].user, { id: 'b', name: 'B' });
  assert.deepEqual(byName['of b'].metadata, link(byName.request));
  assert.deepEqual(byName['of b'].spans[0].metadata, { n: 1 });
  assert.equal(byName['of b'].spans[0].parent_span_id, undefined);
  assert.equal(byName['of nobody'].user_id, undefined);
  assert.deepEqual(byName['of nobody'].metadata, link(byName.request));
  assert.equal(byName['of c'].user_id, 'c');
  assert.deepEqual(byName['of c'].metadata, link(byName.unnamed));
});
