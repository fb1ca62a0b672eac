// Answers of Gemini, whose streamed pieces are answers themselves. Its thoughts are not in its candidates; ours are.
import { add, isFields, look, lookList, lookNumber, lookText, makeUsage, oneOrList } from './reading.js';
import type { Fields, Joiner, Provider, Reading } from './reading.js';
import type { Usage } from '../types.js';

function readUsage(usage: unknown): Usage | undefined {
  const thoughts = lookNumber(usage, 'thoughtsTokenCount');
  return makeUsage({
    promptTokens: add(lookNumber(usage, 'promptTokenCount'), lookNumber(usage, 'toolUsePromptTokenCount')),
    completionTokens: add(lookNumber(usage, 'candidatesTokenCount'), thoughts),
    totalTokens: lookNumber(usage, 'totalTokenCount'),
    cachedTokens: lookNumber(usage, 'cachedContentTokenCount'),
    reasoningTokens: thoughts,
  });
}

function isGemini(answer: unknown): boolean {
  return Array.isArray(look(answer, 'candidates')) || isFields(look(answer, 'usageMetadata'));
}

function readGemini(answer: unknown): Reading | undefined {
  // The older client of Google keeps the answer one level below.
  const whole = isGemini(answer) ? answer : look(answer, 'response');
  if (!isGemini(whole)) {
    return undefined;
  }
  return {
    model: lookText(whole, 'modelVersion'),
    responseId: lookText(whole, 'responseId'),
    usage: readUsage(look(whole, 'usageMetadata')),
    output: oneOrList(lookList(whole, 'candidates').map((candidate) => look(candidate, 'content'))),
  };
}

/** Texts that follow each other become one. */
function joinParts(parts: unknown[]): unknown[] {
  const joined: unknown[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    const isSame = isFields(last) && isFields(part) && look(last, 'thought') === look(part, 'thought');
    if (isSame && typeof last.text === 'string' && typeof part.text === 'string') {
      joined[joined.length - 1] = { ...last, text: last.text + part.text };
    } else {
      joined.push(part);
    }
  }
  return joined;
}

class GeminiJoiner implements Joiner {
  readonly #contents = new Map<number, { role: unknown; parts: unknown[] }>();
  #reading: Reading = {};

  add(piece: unknown): void {
    const read = readGemini(piece) ?? {};
    this.#reading = {
      model: read.model ?? this.#reading.model,
      responseId: read.responseId ?? this.#reading.responseId,
      usage: read.usage ?? this.#reading.usage,
    };
    for (const candidate of lookList(piece, 'candidates')) {
      const index = Number(look(candidate, 'index') ?? 0);
      const known = this.#contents.get(index);
      const parts = [...(known?.parts ?? []), ...lookList(candidate, 'content', 'parts')];
      this.#contents.set(index, { role: known?.role ?? look(candidate, 'content', 'role'), parts: joinParts(parts) });
    }
  }

  read(): Reading {
    const contents = [...this.#contents].sort(([a], [b]) => a - b).map(([, content]): Fields => content);
    return { ...this.#reading, output: oneOrList(contents) };
  }
}

export const gemini: Provider = {
  readAnswer: readGemini,
  startJoining: (piece) => (isGemini(piece) ? new GeminiJoiner() : undefined),
};
