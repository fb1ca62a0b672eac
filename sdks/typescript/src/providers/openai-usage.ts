// Tokens as OpenAI tells them, in the words of its older and of its newer interface.
import { look, lookNumber, makeUsage } from './reading.js';
import type { Usage } from '../types.js';

export function readOpenAIUsage(usage: unknown): Usage | undefined {
  const input = look(usage, 'prompt_tokens_details') ?? look(usage, 'input_tokens_details');
  const output = look(usage, 'completion_tokens_details') ?? look(usage, 'output_tokens_details');
  return makeUsage({
    promptTokens: lookNumber(usage, 'prompt_tokens') ?? lookNumber(usage, 'input_tokens'),
    completionTokens: lookNumber(usage, 'completion_tokens') ?? lookNumber(usage, 'output_tokens'),
    totalTokens: lookNumber(usage, 'total_tokens'),
    cachedTokens: lookNumber(input, 'cached_tokens'),
    reasoningTokens: lookNumber(output, 'reasoning_tokens'),
  });
}
