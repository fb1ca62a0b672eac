// Answers of Anthropic's messages. Its input tokens leave the cached ones out; ours include them.
import { add, isFields, look, lookList, lookNumber, lookText, makeUsage } from './reading.js';
import type { Fields, Joiner, Provider, Reading } from './reading.js';
import type { Usage } from '../types.js';

function readUsage(usage: unknown): Usage | undefined {
  const cached = lookNumber(usage, 'cache_read_input_tokens');
  const written = lookNumber(usage, 'cache_creation_input_tokens');
  const input = lookNumber(usage, 'input_tokens');
  const output = lookNumber(usage, 'output_tokens');
  const prompt = input === undefined ? undefined : add(input, cached, written);
  return makeUsage({
    promptTokens: prompt,
    completionTokens: output,
    totalTokens: prompt === undefined || output === undefined ? undefined : prompt + output,
    cachedTokens: cached,
    cacheWriteTokens: written,
  });
}

function readMessage(answer: unknown): Reading | undefined {
  if (look(answer, 'type') !== 'message' || look(answer, 'role') !== 'assistant') {
    return undefined;
  }
  return {
    model: lookText(answer, 'model'),
    responseId: lookText(answer, 'id'),
    usage: readUsage(look(answer, 'usage')),
    output: { role: 'assistant', content: look(answer, 'content') },
  };
}

/** The field of a block that a kind of delta makes longer. */
const GROWING: Record<string, [from: string, to: string]> = {
  text_delta: ['text', 'text'],
  thinking_delta: ['thinking', 'thinking'],
  signature_delta: ['signature', 'signature'],
  input_json_delta: ['partial_json', 'partial_json'],
};

class MessageJoiner implements Joiner {
  #message: Fields = {};
  #usage: Fields = {};
  readonly #blocks = new Map<number, Fields>();

  add(event: unknown): void {
    const index = Number(look(event, 'index') ?? 0);
    switch (look(event, 'type')) {
      case 'message_start':
        this.#message = { ...(look(event, 'message') as Fields | undefined) };
        this.#keepUsage(look(event, 'message', 'usage'));
        break;
      case 'content_block_start':
        this.#blocks.set(index, { ...(look(event, 'content_block') as Fields | undefined) });
        break;
      case 'content_block_delta':
        this.#grow(index, look(event, 'delta'));
        break;
      case 'message_delta':
        this.#keepUsage(look(event, 'usage'));
        break;
    }
  }

  /** What is told later is the sum so far; what is not told again still holds. */
  #keepUsage(usage: unknown): void {
    for (const [key, value] of isFields(usage) ? Object.entries(usage) : []) {
      if (value !== null && value !== undefined) {
        this.#usage[key] = value;
      }
    }
  }

  #grow(index: number, delta: unknown): void {
    const block = this.#blocks.get(index) ?? {};
    this.#blocks.set(index, block);
    const kind = String(look(delta, 'type'));
    if (kind === 'citations_delta') {
      block.citations = [...lookList(block, 'citations'), look(delta, 'citation')];
      return;
    }
    const [from, to] = GROWING[kind] ?? [];
    if (from && to) {
      block[to] = `${lookText(block, to) ?? ''}${lookText(delta, from) ?? ''}`;
    }
  }

  read(): Reading {
    const blocks = [...this.#blocks].sort(([a], [b]) => a - b).map(([, block]) => finishBlock(block));
    const read = readMessage({ ...this.#message, type: 'message', role: 'assistant', content: blocks });
    return { ...read, usage: readUsage(this.#usage) };
  }
}

/** The arguments of a tool arrive as pieces of JSON text. */
function finishBlock({ partial_json: text, ...block }: Fields): Fields {
  if (typeof text !== 'string' || text === '') {
    return block;
  }
  try {
    return { ...block, input: JSON.parse(text) as unknown };
  } catch {
    return { ...block, input: text };
  }
}

export const anthropic: Provider = {
  readAnswer: readMessage,
  startJoining: (piece) => (look(piece, 'type') === 'message_start' ? new MessageJoiner() : undefined),
};
