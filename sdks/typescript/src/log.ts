// What the SDK says itself, on stderr: each warning once, more only with `debug`. Never content, keys or ids of users.
import { state } from './state.js';

const PREFIX = '[cognobserve]';

export function say(text: string): void {
  try {
    console.warn(`${PREFIX} ${text}`);
  } catch {
    // A console that cannot be written to is no reason to disturb the app.
  }
}

/** Warns once per `key` until the next `init`. */
export function warnOnce(key: string, text: string): void {
  if (!state.warned.has(key)) {
    state.warned.add(key);
    say(text);
  }
}

export function debug(isOn: boolean | undefined, text: string): void {
  if (isOn) {
    say(text);
  }
}

/** What `work` answers; if it throws, `fallback`. Errors of ours stay ours. */
export function guard<T>(fallback: T, work: () => T): T {
  try {
    return work();
  } catch (error) {
    debug(state.client?.config.debug, `an error of the SDK: ${error instanceof Error ? error.name : 'unknown'}`);
    return fallback;
  }
}
