// Streamed answers of OpenAI: the deltas of chat completions, and the events of responses.
import { readResponse } from './openai-response.js';
import { readOpenAIUsage } from './openai-usage.js';
import { isFields, look, lookList, lookText, oneOrList, type Fields, type Joiner, type Reading } from './reading.js';

/** Adds a delta to what there is: texts grow, lists grow by their `index`, objects key by key, all else is replaced. */
function merge(into: Fields, delta: Fields): void {
  for (const [key, value] of Object.entries(delta)) {
    const known = into[key];
    if (value === null || value === undefined) {
      continue;
    }
    if (typeof value === 'string' && typeof known === 'string' && !['id', 'type', 'role', 'name'].includes(key)) {
      into[key] = known + value;
    } else if (Array.isArray(value)) {
      into[key] = mergeLists(Array.isArray(known) ? (known as unknown[]) : [], value as unknown[]);
    } else if (isFields(value)) {
      const part = isFields(known) ? known : {};
      merge(part, value);
      into[key] = part;
    } else {
      into[key] = value;
    }
  }
}

function mergeLists(into: unknown[], deltas: unknown[]): unknown[] {
  for (const delta of deltas) {
    const index = look(delta, 'index');
    if (typeof index !== 'number' || !isFields(delta)) {
      into.push(delta);
      continue;
    }
    const known = into.find((item) => look(item, 'index') === index);
    const item = isFields(known) ? known : {};
    if (item !== known) {
      into.push(item);
    }
    merge(item, delta);
  }
  return into;
}

/** A whole message numbers its tool calls by their order. */
function withoutIndexes(message: Fields): Fields {
  if (!Array.isArray(message.tool_calls)) {
    return message;
  }
  const calls = (message.tool_calls as unknown[]).map((call) => {
    const { index: _, ...rest } = call as Fields;
    return rest;
  });
  return { ...message, tool_calls: calls };
}

class ChatJoiner implements Joiner {
  readonly #messages = new Map<number, Fields>();
  #reading: Reading = {};

  add(piece: unknown): void {
    this.#reading = {
      model: lookText(piece, 'model') ?? this.#reading.model,
      responseId: lookText(piece, 'id') ?? this.#reading.responseId,
      usage: readOpenAIUsage(look(piece, 'usage')) ?? this.#reading.usage,
    };
    for (const choice of lookList(piece, 'choices')) {
      const index = Number(look(choice, 'index') ?? 0);
      const delta = look(choice, 'delta') ?? { text: look(choice, 'text') };
      const message = this.#messages.get(index) ?? {};
      this.#messages.set(index, message);
      merge(message, isFields(delta) ? delta : {});
    }
  }

  read(): Reading {
    const messages = [...this.#messages].sort(([a], [b]) => a - b).map(([, message]) => withoutIndexes(message));
    return { ...this.#reading, output: oneOrList(messages) };
  }
}

class ResponseJoiner implements Joiner {
  #reading: Reading = {};
  #text = '';

  add(event: unknown): void {
    const read = readResponse(look(event, 'response'));
    if (read) {
      this.#reading = { ...this.#reading, ...read };
    } else if (look(event, 'type') === 'response.output_text.delta') {
      this.#text += lookText(event, 'delta') ?? '';
    }
  }

  read(): Reading {
    return { ...this.#reading, output: this.#reading.output ?? (this.#text || undefined) };
  }
}

export function startJoiningChat(piece: unknown): Joiner | undefined {
  const isChunk = look(piece, 'object') === 'chat.completion.chunk' || look(piece, 'choices', 0, 'delta') !== undefined;
  const isText = look(piece, 'object') === 'text_completion';
  return isChunk || isText ? new ChatJoiner() : undefined;
}

export function startJoiningResponse(piece: unknown): Joiner | undefined {
  return lookText(piece, 'type')?.startsWith('response.') ? new ResponseJoiner() : undefined;
}
