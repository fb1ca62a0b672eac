// The official client of Anthropic, wrapped: messages whole, streamed and by its stream helper.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import Anthropic, { BadRequestError } from '@anthropic-ai/sdk';
import { CognObserve, wrapAnthropic } from '@cognobserve/sdk';
import { Ledger } from './support/ledger.mjs';
import { startProvider } from './support/provider.mjs';
import { setUp } from './support/sdk.mjs';

const REQUEST = { model: 'claude-sonnet-4-5', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };

let ledger;
let provider;
let client;
before(async () => {
  ledger = await Ledger.start();
  provider = await startProvider();
});
after(async () => {
  await CognObserve.shutdown();
  await ledger.stop();
  await provider.stop();
});
beforeEach(async () => {
  await CognObserve.shutdown();
  ledger.requests.length = 0;
  setUp(ledger);
  client = wrapAnthropic(new Anthropic({ baseURL: provider.url, apiKey: 'none', maxRetries: 0 }));
});

async function sentSpans() {
  await CognObserve.flush();
  return ledger.spans;
}

function isWhole(span) {
  assert.deepEqual(
    [span.name, span.type, span.model],
    ['anthropic.messages', 'generation', 'claude-sonnet-4-5-20250929'],
  );
  assert.deepEqual(span.output, { role: 'assistant', content: [{ type: 'text', text: 'Hello!' }] });
  assert.deepEqual([span.usage.prompt_tokens, span.usage.total_tokens, span.response_id], [35, 42, 'msg_1']);
}

test('a message; the user that it names to Anthropic is not our user', async () => {
  const request = { ...REQUEST, metadata: { user_id: 'theirs' }, temperature: 0 };
  const answer = await CognObserve.withUser('ours', () => client.messages.create(request));
  assert.equal(answer.content[0].text, 'Hello!');
  const [span] = await sentSpans();
  isWhole(span);
  assert.deepEqual(span.model_parameters, { max_tokens: 100, temperature: 0 });
  assert.equal(ledger.traces[0].user_id, 'ours');
  assert.equal(provider.requests.at(-1).body.metadata.user_id, 'theirs');
});

test('withResponse, and a refused request', async () => {
  const { data, response } = await client.messages.create(REQUEST).withResponse();
  assert.deepEqual([data.id, response.status], ['msg_1', 200]);
  await assert.rejects(client.messages.create({ ...REQUEST, model: 'broken' }), BadRequestError);
  const [whole, broken] = await sentSpans();
  isWhole(whole);
  assert.deepEqual([broken.level, broken.model], ['ERROR', 'broken']);
});

test('streamed, by the helper with its events and final message, and abandoned', async () => {
  for await (const _ of await client.messages.create({ ...REQUEST, stream: true }));
  let text = '';
  const helper = client.messages.stream(REQUEST).on('text', (piece) => (text += piece));
  assert.equal((await helper.finalMessage()).content[0].text, 'Hello!');
  assert.equal(text, 'Hello!');
  for await (const _ of client.messages.stream(REQUEST));
  for await (const event of await client.messages.create({ ...REQUEST, stream: true })) {
    if (event.type === 'content_block_delta') break;
  }
  await client.beta.messages.create(REQUEST);
  const spans = await sentSpans();
  assert.equal(spans.length, 5);
  const [abandoned] = spans.splice(3, 1);
  spans.forEach(isWhole);
  assert.equal(abandoned.output.content[0].text, 'Hel');
  assert.equal(abandoned.usage.prompt_tokens, 35);
});

test('the helper as the answer of an observed call: both end', async () => {
  const ask = () => CognObserve.observe({ name: 'ask', userId: 'u' }, () => client.messages.stream(REQUEST));
  assert.equal((await ask().finalMessage()).content[0].text, 'Hello!');
  const failing = CognObserve.observe('fail', () => client.messages.stream({ ...REQUEST, model: 'broken' }));
  await assert.rejects(failing.done(), /no such model/);
  await new Promise(setImmediate);
  const spans = await sentSpans();
  assert.deepEqual(
    spans.map((span) => [span.name, span.level]),
    [
      ['ask', undefined],
      ['anthropic.messages', undefined],
      ['fail', 'ERROR'],
      ['anthropic.messages', 'ERROR'],
    ],
  );
});

test('the helper still fails as it did', async () => {
  await assert.rejects(client.messages.stream({ ...REQUEST, model: 'broken' }).finalMessage(), /no such model/);
  const [span] = await sentSpans();
  assert.equal(span.level, 'ERROR');
});
