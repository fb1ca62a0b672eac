// Answers of OpenAI's responses, whole ones and those at the end of a stream.
import { readOpenAIUsage } from './openai-usage.js';
import { look, lookList, lookText, type Reading } from './reading.js';

export function readResponse(answer: unknown): Reading | undefined {
  if (look(answer, 'object') !== 'response') {
    return undefined;
  }
  const output = lookList(answer, 'output');
  return {
    model: lookText(answer, 'model'),
    responseId: lookText(answer, 'id'),
    usage: readOpenAIUsage(look(answer, 'usage')),
    output: output.length > 0 ? output : undefined,
  };
}
