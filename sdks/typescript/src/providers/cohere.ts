// Answers of Cohere: chat of both its interfaces, embed and rerank; as its API spells them, and as its client does.
import { isFields, look, lookNumber, lookText, makeUsage } from './reading.js';
import type { Joiner, Provider, Reading } from './reading.js';
import type { Usage } from '../types.js';

/** What Cohere charges for, else what it counted. */
function readUsage(answer: unknown): Usage | undefined {
  const told = look(answer, 'usage') ?? look(answer, 'meta');
  const billed = look(told, 'billed_units') ?? look(told, 'billedUnits') ?? look(told, 'tokens');
  return makeUsage({
    promptTokens: lookNumber(billed, 'input_tokens') ?? lookNumber(billed, 'inputTokens'),
    completionTokens: lookNumber(billed, 'output_tokens') ?? lookNumber(billed, 'outputTokens'),
    cachedTokens: lookNumber(told, 'cached_tokens') ?? lookNumber(told, 'cachedTokens'),
  });
}

function isCohere(answer: unknown): boolean {
  const told = look(answer, 'usage') ?? look(answer, 'meta');
  return ['billed_units', 'billedUnits', 'tokens'].some((key) => isFields(look(told, key)));
}

function readOutput(answer: unknown): unknown {
  const embeddings = look(answer, 'embeddings');
  if (embeddings !== undefined) {
    const lists = Array.isArray(embeddings) ? [embeddings] : Object.values(isFields(embeddings) ? embeddings : {});
    const vectors = lists.find((list) => Array.isArray(list)) as unknown[] | undefined;
    return { embeddings: vectors?.length ?? 0, dimensions: look(vectors, 0, 'length') };
  }
  return look(answer, 'message') ?? look(answer, 'text') ?? look(answer, 'results');
}

function readCohere(answer: unknown): Reading | undefined {
  if (!isCohere(answer)) {
    return undefined;
  }
  return {
    model: lookText(answer, 'model'),
    responseId: lookText(answer, 'id') ?? lookText(answer, 'generation_id') ?? lookText(answer, 'generationId'),
    usage: readUsage(answer),
    output: readOutput(answer),
  };
}

class CohereJoiner implements Joiner {
  #id: string | undefined;
  #text = '';
  readonly #calls: unknown[] = [];
  #last: Reading = {};

  add(event: unknown): void {
    this.#id = lookText(event, 'id') ?? lookText(event, 'generation_id') ?? this.#id;
    switch (look(event, 'type') ?? look(event, 'event_type') ?? look(event, 'eventType')) {
      case 'content-delta':
        this.#text += lookText(event, 'delta', 'message', 'content', 'text') ?? '';
        break;
      case 'text-generation':
        this.#text += lookText(event, 'text') ?? '';
        break;
      case 'tool-call-start':
        this.#calls.push(look(event, 'delta', 'message', 'tool_calls') ?? look(event, 'delta', 'message', 'toolCalls'));
        break;
      case 'message-end':
        this.#last = readCohere(look(event, 'delta')) ?? {};
        break;
      case 'stream-end':
        this.#last = readCohere(look(event, 'response')) ?? {};
        break;
    }
  }

  read(): Reading {
    const calls = this.#calls.length > 0 ? { tool_calls: this.#calls } : {};
    const message = { role: 'assistant', content: this.#text, ...calls };
    const isSaid = this.#text !== '' || this.#calls.length > 0;
    return { ...this.#last, responseId: this.#last.responseId ?? this.#id, output: isSaid ? message : undefined };
  }
}

function isFirstPiece(piece: unknown): boolean {
  const isNew = look(piece, 'type') === 'message-start' && look(piece, 'delta', 'message') !== undefined;
  return isNew || look(piece, 'event_type') === 'stream-start' || look(piece, 'eventType') === 'stream-start';
}

export const cohere: Provider = {
  readAnswer: readCohere,
  startJoining: (piece) => (isFirstPiece(piece) ? new CohereJoiner() : undefined),
};
