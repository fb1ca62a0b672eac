// `track`: tells that something has happened, for whom, and in which session. It is written at once, so that what the app
// changes later changes nothing here. What is too large, or no object, is left out, with one warning.
import type { Config } from './config.js';
import { readId, readUser } from './identity.js';
import { makeTraceId } from './ids.js';
import { CONTENT_LIMIT, toJsonObject, type Json } from './json.js';
import { guard, warnOnce } from './log.js';
import { theClient } from './observe.js';
import { currentScope } from './scope.js';
import { state } from './state.js';
import { formatTime } from './time.js';
import type { TrackOptions } from './types.js';

/** In bytes, as the server takes them. */
const LONGEST_NAME = 255;
const LARGEST_PROPERTIES = 64 * 1024;

/**
 * Tells that something has happened, such as `track('memory_created', { type: 'text' })`. It is the user's whom the
 * options name, else the scope's or the global one; so is its session.
 */
export function track(event: string, properties?: Record<string, unknown>, options?: TrackOptions): void {
  guard(undefined, () => {
    const client = theClient();
    const name = readName(event);
    if (name === undefined) {
      client.missEvent('event-name', 'an event without a name was tracked; it is dropped');
    } else if (client.config.isOn) {
      // Options that cannot even be read say nothing.
      const given = guard<TrackOptions>({}, () => ({ ...options }));
      client.takeEvent(write(client.config, name, properties, given, client.platform.now()));
    }
  });
}

function write(config: Config, name: string, properties: unknown, given: TrackOptions, now: number): string {
  const scope = currentScope();
  const named = readUser(given.user, given.userId, scope.user) ?? scope.user;
  const user = named === undefined ? state.globalUser : named;
  return JSON.stringify({
    event: name,
    event_id: readId(given.eventId) ?? makeTraceId(),
    timestamp: formatTime(readTime(given.timestamp) ?? now),
    user_id: user?.id,
    session_id: readId(given.sessionId) ?? scope.session,
    properties: properties === undefined || properties === null ? undefined : readProperties(config, properties),
  });
}

function readName(event: unknown): string | undefined {
  const text = typeof event === 'string' ? event.trim() : '';
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= LONGEST_NAME) {
    return text || undefined;
  }
  warnOnce('long-event-name', `the name of an event is longer than ${LONGEST_NAME} bytes; it is cut`);
  // A character that is cut in two is left out.
  return new TextDecoder().decode(bytes.subarray(0, LONGEST_NAME), { stream: true });
}

/** Years of four digits. */
function readTime(given: unknown): number | undefined {
  const time = given instanceof Date ? given.getTime() : Number.NaN;
  if (time >= -62_167_219_200_000 && time < 253_402_300_800_000) {
    return time;
  }
  if (given !== undefined && given !== null) {
    warnOnce('event-time', 'the timestamp of an event is no usable Date; it is sent with that of its call');
  }
  return undefined;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

function readProperties(config: Config, properties: unknown): { [key: string]: Json } | undefined {
  const copy = toJsonObject(properties, CONTENT_LIMIT);
  const masked = copy && config.mask ? askMask(config.mask, copy) : copy;
  if (!isObject(properties) || (copy && !isObject(masked))) {
    warnOnce('properties', 'the properties of an event, or what the mask makes of them, are no object; they are left out');
    return undefined;
  }
  const sent = config.mask ? toJsonObject(masked, CONTENT_LIMIT) : copy;
  if (sent && new TextEncoder().encode(JSON.stringify(sent)).length > LARGEST_PROPERTIES) {
    warnOnce('large-properties', 'the properties of an event are larger than 64 KiB; they are left out');
    return undefined;
  }
  return sent;
}

/** `undefined` if it throws, or answers later. */
function askMask(mask: NonNullable<Config['mask']>, copy: unknown): unknown {
  return guard(undefined, () => {
    const masked = mask(copy, 'properties');
    return typeof (masked as { then?: unknown } | null | undefined)?.then === 'function' ? undefined : masked;
  });
}
