// One answer of a provider is told once, however many observed calls answer it, and in whatever traces they are.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { Ledger } from './support/ledger.mjs';
import { readRecorded } from './support/provider.mjs';
import { setUp } from './support/sdk.mjs';

const { observe } = CognObserve;
const generation = (name, userId) => ({ name, userId, type: 'generation' });

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

/** `name → tokens` of all that was sent. */
async function tokens() {
  await CognObserve.flush();
  return Object.fromEntries(ledger.spans.map((span) => [span.name, span.usage?.total_tokens]));
}

test('in one trace, in that of another user, and through a call in between', async () => {
  const answer = readRecorded('openai-chat');
  await observe(generation('outer', 'a'), () => observe(generation('inner', 'a'), async () => answer));
  await observe(generation('of a', 'a'), () =>
    observe({ name: 'step', userId: 'b' }, () => observe(generation('of c', 'c'), async () => answer)),
  );
  const { outer, inner, 'of a': ofA, 'of c': ofC } = await tokens();
  assert.deepEqual([outer, inner, ofA, ofC], [undefined, 15, undefined, 15]);
});

test('an answer without an id is known by its tokens, whoever told them', async () => {
  const { id: _, ...answer } = readRecorded('openai-chat');
  await observe(generation('outer', 'a'), () => observe(generation('inner', 'b'), async () => answer));
  await observe(generation('read', 'a'), async () => {
    observe({ name: 'by hand', userId: 'b' }, (span) => span.setUsage(answerUsage(answer)) && 1);
    return readRecorded('openai-chat');
  });
  assert.deepEqual(await tokens(), { outer: undefined, inner: 15, read: undefined, 'by hand': 15 });
});

test('pieces of an answer, too', async () => {
  const pieces = async function* () {
    yield* readRecorded('openai-stream');
  };
  const stream = observe(generation('outer', 'a'), () => observe(generation('inner', 'b'), pieces));
  for await (const _ of stream);
  assert.deepEqual(await tokens(), { outer: undefined, inner: 15 });
});

test('another answer is another, and what the app says by itself is sent', async () => {
  const answer = readRecorded('openai-chat');
  const other = { ...answer, id: 'chatcmpl-2' };
  await observe(generation('outer', 'a'), async () => {
    await observe(generation('inner', 'b'), async () => answer);
    return other;
  });
  await observe(generation('says', 'a'), (span) => {
    span.setUsage({ totalTokens: 7 });
    return observe(generation('below', 'b'), async () => answer);
  });
  assert.deepEqual(await tokens(), { outer: 15, inner: 15, says: 7, below: 15 });
});

/** As the SDK names what this answer says. */
function answerUsage({ usage }) {
  const told = { promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens };
  return { ...told, totalTokens: usage.total_tokens, ...details(usage) };
}

function details({ prompt_tokens_details: prompt, completion_tokens_details: completion }) {
  const known = { cachedTokens: prompt?.cached_tokens, reasoningTokens: completion?.reasoning_tokens };
  return Object.fromEntries(Object.entries(known).filter(([, count]) => count !== undefined));
}
