// The official client of OpenAI, wrapped: recorded in every way that it can be used, and otherwise as it was.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import OpenAI, { BadRequestError } from 'openai';
import { CognObserve, wrapOpenAI } from '@cognobserve/sdk';
import { wrapOpenAI as sameWrap } from '@cognobserve/sdk/integrations';
import { Ledger } from './support/ledger.mjs';
import { readRecorded, startProvider } from './support/provider.mjs';
import { setUp } from './support/sdk.mjs';

const MESSAGES = [{ role: 'user', content: 'Hi' }];
const CHAT = { model: 'gpt-4o', messages: MESSAGES };
const STREAM = { ...CHAT, stream: true, stream_options: { include_usage: true } };

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
  client = wrapOpenAI(new OpenAI({ baseURL: provider.url, apiKey: 'none', maxRetries: 0 }));
});

async function sentSpans() {
  await CognObserve.flush();
  return ledger.spans;
}

test('wrapping answers the same client, once', () => {
  const original = new OpenAI({ apiKey: 'none' });
  const wrapped = wrapOpenAI(original);
  const { create } = wrapped.chat.completions;
  assert.equal(wrapped, original);
  assert.equal(sameWrap(wrapped).chat.completions.create, create);
  assert.deepEqual(Object.keys(wrapped.chat.completions), Object.keys(new OpenAI({ apiKey: 'none' }).chat.completions));
  for (const odd of [{}, { chat: null }, Object.freeze({ chat: { completions: Object.freeze({ create() {} }) } })]) {
    assert.equal(wrapOpenAI(odd), odd);
  }
});

test('a chat completion: input, parameters, model, usage; its user parameter is not our user', async () => {
  const answer = await CognObserve.withUser('ours', () =>
    client.chat.completions.create({
      ...CHAT,
      user: 'theirs',
      temperature: 0.2,
      max_tokens: 10,
      metadata: { user_id: 'x' },
    }),
  );
  assert.deepEqual(answer.choices, readRecorded('openai-chat').choices);
  assert.equal(answer._request_id, 'req-1');
  const [span] = await sentSpans();
  assert.equal(ledger.traces[0].user_id, 'ours');
  assert.equal(ledger.traces[0].metadata, undefined);
  assert.deepEqual([span.name, span.type, span.input], ['openai.chat.completions', 'generation', MESSAGES]);
  assert.deepEqual(span.model_parameters, { temperature: 0.2, max_tokens: 10 });
  assert.deepEqual([span.model, span.usage.total_tokens, span.response_id], ['gpt-4o-2024-08-06', 15, 'chatcmpl-1']);
  assert.equal(provider.requests.at(-1).body.user, 'theirs');
});

test('the promise keeps its own methods: withResponse, asResponse, then twice', async () => {
  const { data, response, request_id: id } = await client.chat.completions.create(CHAT).withResponse();
  assert.deepEqual([data.id, response.status, id], ['chatcmpl-1', 200, 'req-1']);
  const bare = await client.chat.completions.create(CHAT).asResponse();
  assert.equal((await bare.json()).id, 'chatcmpl-1');
  const promise = client.chat.completions.create(CHAT);
  assert.ok(promise instanceof Promise);
  assert.equal(promise.constructor.name, 'APIPromise');
  assert.equal((await promise).id, (await promise).id);
  assert.equal(await promise.then((answer) => answer.id), 'chatcmpl-1');
  const spans = await sentSpans();
  assert.deepEqual(
    spans.map((span) => span.usage?.total_tokens),
    [15, undefined, 15],
  );
  assert.deepEqual(
    spans.map((span) => span.model),
    ['gpt-4o-2024-08-06', 'gpt-4o', 'gpt-4o-2024-08-06'],
  );
});

test('helpers of the client are recorded, too: parse, stream, clients with other options', async () => {
  await client.chat.completions.parse(CHAT);
  const runner = client.chat.completions.stream(STREAM);
  assert.equal((await runner.finalChatCompletion()).choices[0].message.content, 'Hello!');
  await client.responses.parse({ model: 'gpt-5-mini', input: 'Hi' });
  await client.withOptions({ timeout: 1000 }).chat.completions.create(CHAT);
  const names = (await sentSpans()).map((span) => `${span.name} ${span.usage?.total_tokens}`);
  const chat = 'openai.chat.completions 15';
  assert.deepEqual(names, [chat, chat, 'openai.responses 29', chat]);
});

test('streams: read, split, abandoned, with their controller', async () => {
  const stream = await client.chat.completions.create(STREAM);
  const [left, right] = stream.tee();
  const read = async (from) => {
    let text = '';
    for await (const chunk of from) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    return text;
  };
  assert.deepEqual(await Promise.all([read(left), read(right)]), ['Hello!', 'Hello!']);
  const abandoned = await client.chat.completions.create(STREAM);
  for await (const chunk of abandoned) {
    if (chunk.choices[0].delta.content === 'Hel') break;
  }
  assert.ok(abandoned.controller.signal.aborted);
  const web = (await client.chat.completions.create(STREAM)).toReadableStream();
  assert.match(await new Response(web).text(), /Hel/);
  const outputs = (await sentSpans()).map((span) => [span.output.content, span.usage?.total_tokens]);
  assert.deepEqual(outputs, [
    ['Hello!', 15],
    ['Hel', undefined],
    ['Hello!', 15],
  ]);
});

test('responses, whole and streamed, with instructions; embeddings without vectors', async () => {
  await client.responses.create({
    model: 'gpt-5-mini',
    input: 'Hi',
    instructions: 'Be kind.',
    reasoning: { effort: 'low' },
  });
  const events = await client.responses.create({ model: 'gpt-5-mini', input: MESSAGES, stream: true });
  for await (const _ of events);
  await client.embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'], encoding_format: 'float' });
  const [whole, streamed, embedded] = await sentSpans();
  assert.deepEqual(whole.input, [
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'Hi' },
  ]);
  assert.deepEqual(whole.model_parameters, { reasoning: { effort: 'low' } });
  assert.deepEqual(streamed.input, MESSAGES);
  for (const span of [whole, streamed]) {
    assert.deepEqual([span.name, span.response_id, span.usage.reasoning_tokens], ['openai.responses', 'resp_1', 5]);
    assert.equal(span.output[0].content[0].text, 'Hello!');
  }
  assert.deepEqual([embedded.name, embedded.input], ['openai.embeddings', ['a', 'b']]);
  assert.deepEqual([embedded.output, embedded.usage.prompt_tokens], [{ embeddings: 2, dimensions: 3 }, 8]);
});

test('a refused request fails with the error of the client, and is told as one', async () => {
  await assert.rejects(client.chat.completions.create({ ...CHAT, model: 'broken' }), BadRequestError);
  const [span] = await sentSpans();
  assert.deepEqual([span.level, span.model], ['ERROR', 'broken']);
  assert.match(span.status_message, /no such model/);
});

test('within an observed call it is a child, and the answer of both is counted by its id', async () => {
  await CognObserve.observe({ name: 'ask', userId: 'u', type: 'generation' }, () =>
    client.chat.completions.create(CHAT),
  );
  const [outer, inner] = await sentSpans();
  assert.equal(inner.parent_span_id, outer.span_id);
  assert.equal(outer.response_id, inner.response_id);
});

test('disabled, the client works as ever', async () => {
  setUp(ledger, { disabled: true });
  assert.equal((await client.chat.completions.create(CHAT)).id, 'chatcmpl-1');
  assert.equal(ledger.requests.length, 0);
});
