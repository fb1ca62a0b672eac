// The official client of OpenAI, and of those who speak like it.
import type { Fields } from '../providers/reading.js';
import { wrapClient, type Endpoint } from './wrap.js';

/** Instructions stand before the input, as the message that they are. */
function readResponseInput({ instructions, input }: Fields): unknown {
  if (instructions === undefined || instructions === null) {
    return input;
  }
  const rest: unknown[] = Array.isArray(input) ? input : [{ role: 'user', content: input }];
  return [{ role: 'system', content: instructions }, ...rest];
}

const ENDPOINTS: Endpoint[] = [
  {
    name: 'openai.chat.completions',
    path: ['chat', 'completions'],
    method: 'create',
    readInput: (request) => request.messages,
  },
  { name: 'openai.responses', path: ['responses'], method: 'create', readInput: readResponseInput },
  { name: 'openai.embeddings', path: ['embeddings'], method: 'create', readInput: (request) => request.input },
];

/**
 * Records every chat completion, response and embedding of this client, and answers the client.
 * A streamed chat completion tells its tokens only if asked with `stream_options: { include_usage: true }`.
 */
export function wrapOpenAI<Client extends object>(client: Client): Client {
  return wrapClient(client, ENDPOINTS);
}
