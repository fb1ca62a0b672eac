// What is read in the answers of providers, whole and in pieces, where the shared scenarios do not say it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pieces } from '../dist/esm/pieces.js';
import { readAnswer } from '../dist/esm/providers/index.js';

const plain = (value) => JSON.parse(JSON.stringify(value));

function join(events) {
  const pieces = new Pieces(true, true);
  events.forEach((event) => pieces.add(event));
  return plain(pieces.read());
}

test('OpenAI: tool calls in pieces, more than one choice, completions of the older kind', () => {
  const delta = (index, delta) => ({
    id: 'c',
    object: 'chat.completion.chunk',
    model: 'm',
    choices: [{ index, delta }],
  });
  const call = (index, rest) => ({ tool_calls: [{ index, ...rest }] });
  const read = join([
    delta(0, { role: 'assistant', content: null }),
    delta(0, call(0, { id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } })),
    delta(0, call(0, { function: { arguments: '{"a"' } })),
    delta(0, call(1, { id: 'call_2', type: 'function', function: { name: 'g', arguments: '{}' } })),
    delta(0, call(0, { function: { arguments: ':1}' } })),
    delta(1, { content: 'second' }),
  ]);
  assert.deepEqual(read.output, [
    {
      role: 'assistant',
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
        { id: 'call_2', type: 'function', function: { name: 'g', arguments: '{}' } },
      ],
    },
    { content: 'second' },
  ]);
  const older = { object: 'text_completion', id: 'x', model: 'm', choices: [{ text: 'a' }, { text: 'b' }] };
  assert.deepEqual(readAnswer(older).output, ['a', 'b']);
});

test('OpenAI: embeddings in Base64, a response that broke off', () => {
  const embedding = Buffer.from(new Float32Array([1, 2, 3]).buffer).toString('base64');
  const answer = { object: 'list', model: 'm', data: [{ object: 'embedding', embedding }] };
  assert.deepEqual(readAnswer(answer).output, { embeddings: 1, dimensions: 3 });
  const read = join([
    { type: 'response.created', response: { object: 'response', id: 'r', model: 'm', output: [] } },
    { type: 'response.output_text.delta', delta: 'Hel' },
    { type: 'response.output_text.delta', delta: 'lo' },
  ]);
  assert.deepEqual(read, { model: 'm', responseId: 'r', output: 'Hello' });
});

test('Anthropic: tools and thinking in pieces', () => {
  const read = join([
    {
      type: 'message_start',
      message: { id: 'm1', model: 'c', role: 'assistant', usage: { input_tokens: 3, cache_read_input_tokens: null } },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'sig' } },
    { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 't', name: 'f', input: {} } },
    { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"a":' } },
    { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '[1]}' } },
    { type: 'message_delta', delta: {}, usage: { output_tokens: 4 } },
  ]);
  assert.deepEqual(read.output.content, [
    { type: 'thinking', thinking: 'hm', signature: 'sig' },
    { type: 'tool_use', id: 't', name: 'f', input: { a: [1] } },
  ]);
  assert.deepEqual(read.usage, { promptTokens: 3, completionTokens: 4, totalTokens: 7 });
});

test('Gemini: whole and in pieces; thoughts are part of the completion', () => {
  const usageMetadata = {
    promptTokenCount: 10,
    candidatesTokenCount: 4,
    thoughtsTokenCount: 6,
    cachedContentTokenCount: 2,
    totalTokenCount: 20,
  };
  const part = (text, rest) => ({
    candidates: [{ content: { role: 'model', parts: [{ text }] } }],
    modelVersion: 'gemini-2.5-pro',
    responseId: 'g1',
    ...rest,
  });
  const usage = { promptTokens: 10, completionTokens: 10, totalTokens: 20, cachedTokens: 2, reasoningTokens: 6 };
  const expected = {
    model: 'gemini-2.5-pro',
    responseId: 'g1',
    usage,
    output: { role: 'model', parts: [{ text: 'Hello!' }] },
  };
  assert.deepEqual(plain(readAnswer(part('Hello!', { usageMetadata }))), expected);
  assert.deepEqual(plain(readAnswer({ response: part('Hello!', { usageMetadata }) })), expected);
  assert.deepEqual(join([part('Hel'), part('lo!', { usageMetadata })]), expected);
});

test('Cohere: chat of both interfaces, as the API and as its client spell it, embed, rerank, in pieces', () => {
  const usage = { promptTokens: 5, completionTokens: 2 };
  const message = { role: 'assistant', content: [{ type: 'text', text: 'Hello!' }] };
  const snake = {
    id: 'co1',
    message,
    usage: { billed_units: { input_tokens: 5, output_tokens: 2 }, tokens: { input_tokens: 70, output_tokens: 2 } },
  };
  const camel = { id: 'co1', message, usage: { billedUnits: { inputTokens: 5, outputTokens: 2 } } };
  for (const answer of [snake, camel]) {
    assert.deepEqual(plain(readAnswer(answer)), { responseId: 'co1', usage, output: message });
  }
  const first = { text: 'Hello!', generation_id: 'g', meta: { billed_units: { input_tokens: 5, output_tokens: 2 } } };
  assert.deepEqual(plain(readAnswer(first)), { responseId: 'g', usage, output: 'Hello!' });
  const embed = {
    id: 'e',
    embeddings: {
      float: [
        [1, 2],
        [3, 4],
      ],
    },
    meta: { billed_units: { input_tokens: 9 } },
  };
  assert.deepEqual(plain(readAnswer(embed)), {
    responseId: 'e',
    usage: { promptTokens: 9 },
    output: { embeddings: 2, dimensions: 2 },
  });
  const delta = (text) => ({ type: 'content-delta', index: 0, delta: { message: { content: { text } } } });
  const events = [
    { type: 'message-start', id: 'co1', delta: { message: { role: 'assistant' } } },
    delta('Hel'),
    delta('lo!'),
    { type: 'message-end', delta: { finish_reason: 'COMPLETE', usage: snake.usage } },
  ];
  assert.deepEqual(join(events), { responseId: 'co1', usage, output: { role: 'assistant', content: 'Hello!' } });
});

test('what is of nobody that is known is not read', () => {
  const odd = [
    null,
    7,
    'text',
    [],
    {},
    { choices: [] },
    { choices: 'x' },
    { type: 'message' },
    { data: [{}] },
    { usage: {} },
    { candidates: 1 },
  ];
  for (const answer of odd) {
    assert.equal(readAnswer(answer), undefined, JSON.stringify(answer));
  }
  const pieces = new Pieces(true, true);
  odd.forEach((piece) => pieces.add(piece));
  assert.equal(pieces.read(), undefined);
  assert.deepEqual(plain(pieces.join()), plain(odd));
});

test('pieces are bounded, and not kept if content is not wanted', () => {
  const pieces = new Pieces(false, true);
  for (let at = 0; at < 40; at += 1) {
    pieces.add('x'.repeat(100_000));
  }
  assert.ok(pieces.join().length < 1.1 * 1024 * 1024);
  const silent = new Pieces(true, false);
  silent.add('secret');
  assert.equal(silent.join(), undefined);
});
