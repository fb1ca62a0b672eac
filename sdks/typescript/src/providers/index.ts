// All providers whose answers are read, asked in turn.
import { anthropic } from './anthropic.js';
import { cohere } from './cohere.js';
import { gemini } from './gemini.js';
import { openai } from './openai.js';
import { isFields, type Joiner, type Reading } from './reading.js';

const PROVIDERS = [openai, anthropic, gemini, cohere];

/** What an answer says, if it is one that is known. */
export function readAnswer(answer: unknown): Reading | undefined {
  return isFields(answer) ? findFirst((provider) => provider.readAnswer(answer)) : undefined;
}

export function startJoining(piece: unknown): Joiner | undefined {
  return isFields(piece) ? findFirst((provider) => provider.startJoining(piece)) : undefined;
}

function findFirst<T>(ask: (provider: (typeof PROVIDERS)[number]) => T | undefined): T | undefined {
  for (const provider of PROVIDERS) {
    const found = ask(provider);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}
