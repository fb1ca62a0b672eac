// Makes one method of a client an observed call. The method is replaced on the client's own part, so that helpers of
// the client that use it (`parse`, `stream`, tool runners) are recorded, too; what it answers behaves as before.
import type { CallStart } from '../call.js';
import { observeCall } from '../observe.js';
import { isFields, type Fields } from '../providers/reading.js';

const WRAPPED = Symbol.for('@cognobserve/sdk@0/wrapped');

/** Of a request what says how it is answered; the rest is content, or how it is transported. */
const PARAMETERS = [
  'dimensions',
  'frequency_penalty',
  'max_completion_tokens',
  'max_output_tokens',
  'max_tokens',
  'n',
  'presence_penalty',
  'reasoning',
  'reasoning_effort',
  'seed',
  'service_tier',
  'stop',
  'stop_sequences',
  'temperature',
  'thinking',
  'tool_choice',
  'top_k',
  'top_p',
  'verbosity',
];

export interface Endpoint {
  /** Name of its spans. */
  name: string;
  /** Where on the client it is. */
  path: string[];
  method: string;
  readInput(request: Fields): unknown;
}

function readParameters(request: Fields): Fields | undefined {
  const given = PARAMETERS.filter((key) => request[key] !== undefined && request[key] !== null);
  return given.length > 0 ? Object.fromEntries(given.map((key) => [key, request[key]])) : undefined;
}

/** The user that a request names is the provider's affair; whose the call is, the scope says. */
function readStart(endpoint: Endpoint, request: unknown): CallStart {
  const fields = isFields(request) ? request : {};
  return {
    name: endpoint.name,
    type: 'generation',
    input: endpoint.readInput(fields),
    model: fields.model,
    modelParameters: readParameters(fields),
  };
}

type Method = (...args: unknown[]) => unknown;

function wrapMethod(client: object, endpoint: Endpoint): void {
  let owner: unknown = client;
  for (const key of endpoint.path) {
    owner = isFields(owner) ? owner[key] : undefined;
  }
  if (!isFields(owner) || typeof owner[endpoint.method] !== 'function') {
    return;
  }
  const original = owner[endpoint.method] as Method & { [WRAPPED]?: boolean };
  if (original[WRAPPED]) {
    return;
  }
  const observed = function (this: unknown, ...args: unknown[]): unknown {
    return observeCall(
      () => readStart(endpoint, args[0]),
      () => original.apply(this ?? owner, args),
    );
  };
  Object.defineProperty(observed, WRAPPED, { value: true });
  Object.defineProperty(owner, endpoint.method, { value: observed, configurable: true, writable: true });
}

/** Wraps the client itself, and those that it makes of itself with other options. */
export function wrapClient<Client extends object>(client: Client, endpoints: Endpoint[]): Client {
  try {
    for (const endpoint of endpoints) {
      wrapMethod(client, endpoint);
    }
    wrapOffspring(client as Fields, endpoints);
  } catch {
    // A client that cannot be changed is used as it is.
  }
  return client;
}

function wrapOffspring(client: Fields, endpoints: Endpoint[]): void {
  const original = client.withOptions as (Method & { [WRAPPED]?: boolean }) | undefined;
  if (typeof original !== 'function' || original[WRAPPED]) {
    return;
  }
  const wrapped = (...args: unknown[]): unknown => {
    const other = original.apply(client, args);
    return isFields(other) ? wrapClient(other, endpoints) : other;
  };
  Object.defineProperty(wrapped, WRAPPED, { value: true });
  Object.defineProperty(client, 'withOptions', { value: wrapped, configurable: true, writable: true });
}
