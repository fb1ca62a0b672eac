// Answers of OpenAI, and of the many that speak like it: chat completions, completions, responses, embeddings.
import { startJoiningChat, startJoiningResponse } from './openai-stream.js';
import { readResponse } from './openai-response.js';
import { readOpenAIUsage } from './openai-usage.js';
import { look, lookList, lookText, oneOrList, type Provider, type Reading } from './reading.js';

function readChat(answer: unknown): Reading | undefined {
  const choices = lookList(answer, 'choices');
  const isChat = choices.some((choice) => look(choice, 'message') !== undefined);
  if (!isChat && !choices.some((choice) => typeof look(choice, 'text') === 'string')) {
    return undefined;
  }
  return {
    model: lookText(answer, 'model'),
    responseId: lookText(answer, 'id'),
    usage: readOpenAIUsage(look(answer, 'usage')),
    output: oneOrList(choices.map((choice) => look(choice, isChat ? 'message' : 'text'))),
  };
}

/** Vectors come as numbers, or as 4 bytes each in Base64. */
function countDimensions(embedding: unknown): number | undefined {
  if (typeof embedding === 'string') {
    return Math.floor((embedding.replace(/=+$/, '').length * 3) / 4 / 4);
  }
  const length = look(embedding, 'length');
  return typeof length === 'number' ? length : undefined;
}

function readEmbeddings(answer: unknown): Reading | undefined {
  const data = lookList(answer, 'data');
  if (look(data, 0, 'embedding') === undefined) {
    return undefined;
  }
  return {
    model: lookText(answer, 'model'),
    usage: readOpenAIUsage(look(answer, 'usage')),
    output: { embeddings: data.length, dimensions: countDimensions(look(data, 0, 'embedding')) },
  };
}

export const openai: Provider = {
  readAnswer: (answer) => readChat(answer) ?? readResponse(answer) ?? readEmbeddings(answer),
  startJoining: (piece) => startJoiningChat(piece) ?? startJoiningResponse(piece),
};
