// The official client of Anthropic.
import type { Fields } from '../providers/reading.js';
import { wrapClient, type Endpoint } from './wrap.js';

/** What is said to the system stands before the messages, as the message that it is. */
function readInput({ system, messages }: Fields): unknown {
  if (system === undefined || system === null) {
    return messages;
  }
  return [{ role: 'system', content: system }, ...(Array.isArray(messages) ? (messages as unknown[]) : [])];
}

const ENDPOINTS: Endpoint[] = [['messages'], ['beta', 'messages']].map((path) => ({
  name: 'anthropic.messages',
  path,
  method: 'create',
  readInput,
}));

/** Records every message of this client, streamed or not, and answers the client. */
export function wrapAnthropic<Client extends object>(client: Client): Client {
  return wrapClient(client, ENDPOINTS);
}
