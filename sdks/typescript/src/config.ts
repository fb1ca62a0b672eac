// The settings in force: options from code, then the environment, then defaults. A bad value never throws.
import { warnOnce } from './log.js';
import type { CognObserveConfig, ContentKind } from './types.js';

export interface Config {
  apiKey: string | undefined;
  /** The base URL, without a slash at its end; `undefined` if it cannot be used. */
  endpoint: string | undefined;
  isOn: boolean;
  debug: boolean;
  captureContent: boolean;
  mask: ((content: unknown, kind: ContentKind) => unknown) | undefined;
  isImmediate: boolean;
  maxQueueSize: number;
  maxBatchSize: number;
  flushInterval: number;
  requestTimeout: number;
  maxRetries: number;
  shutdownTimeout: number;
}

const DEFAULT_ENDPOINT = 'http://127.0.0.1:4100';
const YES = ['true', '1', 'yes', 'on'];
/** The longest that a timer can be set to. */
const LONGEST_MS = 0x7fffffff;

type Environment = Record<string, string | undefined>;

export function readEnvironment(): Environment {
  const process = (globalThis as { process?: { env?: Environment } }).process;
  return process?.env ?? {};
}

function readFlag(given: boolean | undefined, text: string | undefined, fallback: boolean): boolean {
  if (typeof given === 'boolean') {
    return given;
  }
  return text?.trim() ? YES.includes(text.trim().toLowerCase()) : fallback;
}

function readNumber(given: number | undefined, fallback: number, least: number): number {
  return typeof given === 'number' && given >= least ? Math.min(Math.floor(given), LONGEST_MS) : fallback;
}

function readText(text: unknown): string | undefined {
  return (typeof text === 'string' && text.trim()) || undefined;
}

function readKey(given: string | undefined, text: string | undefined): string | undefined {
  const key = readText(given) ?? readText(text);
  if (key && !/^[\x21-\x7e]+$/.test(key)) {
    warnOnce('key', 'the API key has characters that no key has; nothing is sent');
    return undefined;
  }
  if (!key) {
    warnOnce('key', 'no API key (apiKey or COGNOBSERVE_API_KEY); nothing is sent');
  }
  return key;
}

function readEndpoint(endpoint: string): string | undefined {
  try {
    const url = new URL(endpoint);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new TypeError('neither http nor https');
    }
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  } catch {
    warnOnce('endpoint', 'the endpoint is no http or https URL; nothing is sent');
    return undefined;
  }
}

export function readConfig(given: CognObserveConfig, environment: Environment = readEnvironment()): Config {
  const isDisabled = readFlag(given.disabled, environment.COGNOBSERVE_DISABLED, false);
  const address = readText(given.endpoint) ?? readText(environment.COGNOBSERVE_ENDPOINT) ?? DEFAULT_ENDPOINT;
  const apiKey = isDisabled ? undefined : readKey(given.apiKey, environment.COGNOBSERVE_API_KEY);
  const endpoint = isDisabled ? undefined : readEndpoint(address);
  return {
    apiKey,
    endpoint,
    isOn: apiKey !== undefined && endpoint !== undefined,
    debug: readFlag(given.debug, environment.COGNOBSERVE_DEBUG, false),
    captureContent: readFlag(given.captureContent, environment.COGNOBSERVE_CAPTURE_CONTENT, true),
    mask: typeof given.mask === 'function' ? given.mask : undefined,
    isImmediate: given.mode === 'immediate',
    maxQueueSize: readNumber(given.maxQueueSize, 2048, 1),
    maxBatchSize: readNumber(given.maxBatchSize, 512, 1),
    flushInterval: readNumber(given.flushInterval, 5000, 0),
    requestTimeout: readNumber(given.requestTimeout, 10_000, 1),
    maxRetries: readNumber(given.maxRetries, 5, 0),
    shutdownTimeout: readNumber(given.shutdownTimeout, 5000, 0),
  };
}
