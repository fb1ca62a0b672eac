// Any value as JSON that can be sent: a bounded copy, so that what the app changes later changes nothing here.
// It never throws: what JSON has no word for becomes a text.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Characters of one input or output. */
export const CONTENT_LIMIT = 1024 * 1024;
/** Characters of metadata, parameters or a profile. */
export const DETAIL_LIMIT = 64 * 1024;
const TRUNCATED = '[truncated]';
const DEEPEST = 64;

/** `value` as JSON; `undefined` if there is nothing to send. */
export function toJson(value: unknown, limit = CONTENT_LIMIT): Json | undefined {
  try {
    return new Copier(limit).copy(value);
  } catch {
    return '[unserialisable]';
  }
}

/** An object as JSON; `undefined` if it is none, or has no keys. */
export function toJsonObject(value: unknown, limit = DETAIL_LIMIT): { [key: string]: Json } | undefined {
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  const copy = toJson(value, limit);
  const isObject = typeof copy === 'object' && copy !== null && !Array.isArray(copy);
  return isObject && Object.keys(copy).length > 0 ? copy : undefined;
}

/** `text`, cut to the limit without cutting a character in two. */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) {
    return text;
  }
  const last = text.charCodeAt(limit - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isHalf ? limit - 1 : limit) + TRUNCATED;
}

class Copier {
  readonly #above = new Set<object>();
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  copy(value: unknown): Json | undefined {
    switch (typeof value) {
      case 'undefined':
        return undefined;
      case 'string':
        return this.#text(value);
      case 'boolean':
        return this.#pay(5, value);
      case 'number':
        return this.#pay(8, Number.isFinite(value) ? value : String(value));
      case 'bigint':
        return this.#text(value.toString());
      case 'symbol':
        return this.#text(value.toString());
      case 'function':
        return this.#text(`[function ${value.name || 'anonymous'}]`);
      default:
        return value === null ? this.#pay(4, null) : this.#object(value as object);
    }
  }

  #pay(price: number, value: Json): Json {
    this.#left -= price;
    return value;
  }

  #text(text: string): Json {
    const cut = cutText(text, Math.max(this.#left, 0));
    this.#left -= cut.length + 2;
    return cut;
  }

  #object(value: object): Json | undefined {
    if (this.#above.has(value)) {
      return this.#text('[circular]');
    }
    if (this.#above.size >= DEEPEST) {
      return this.#text('[too deep]');
    }
    this.#above.add(value);
    try {
      return this.#shape(value);
    } catch {
      return this.#text('[unreadable]');
    } finally {
      this.#above.delete(value);
    }
  }

  #shape(value: object): Json | undefined {
    if (Array.isArray(value)) {
      return this.#list(value);
    }
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      return this.#text(`[${value.byteLength} bytes]`);
    }
    if (value instanceof Error) {
      return this.#error(value);
    }
    if (value instanceof Map) {
      return this.#entries(value.entries());
    }
    if (value instanceof Set) {
      return this.#list(value);
    }
    if (value instanceof RegExp) {
      return this.#text(String(value));
    }
    if (value instanceof Date) {
      return this.#text(Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString());
    }
    if (value instanceof String || value instanceof Number || value instanceof Boolean) {
      return this.copy(value.valueOf());
    }
    const toOwnJson = (value as { toJSON?: unknown }).toJSON;
    if (typeof toOwnJson === 'function') {
      return this.copy(toOwnJson.call(value, ''));
    }
    return this.#record(value);
  }

  #list(values: Iterable<unknown>): Json[] {
    const list: Json[] = [];
    for (const value of values) {
      if (this.#left <= 0) {
        list.push(TRUNCATED);
        break;
      }
      list.push(this.copy(value) ?? this.#pay(4, null));
      this.#left -= 1;
    }
    return list;
  }

  #record(value: object): Json {
    const keys = Object.keys(value);
    if (keys.length === 0) {
      return this.#nothing(value);
    }
    const copy: { [key: string]: Json } = {};
    for (const key of keys) {
      if (!this.#put(copy, key, readProperty(value, key))) {
        break;
      }
    }
    return copy;
  }

  /** An object that shows nothing says at least what it is. */
  #nothing(value: object): Json {
    const prototype: unknown = Object.getPrototypeOf(value);
    const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
    // A plain object of another realm is an object, too.
    if (prototype === null || prototype === Object.prototype || name === 'Object') {
      return this.#pay(2, {});
    }
    return this.#text(`[${typeof name === 'string' && name ? name : 'object'}]`);
  }

  #entries(entries: Iterable<readonly [unknown, unknown]>): Json {
    const copy: { [key: string]: Json } = {};
    for (const [key, value] of entries) {
      const name = typeof key === 'object' && key !== null ? '[object]' : String(key);
      if (!this.#put(copy, name, value)) {
        break;
      }
    }
    return copy;
  }

  /** Answers `false` if there was no room. */
  #put(copy: { [key: string]: Json }, name: string, value: unknown): boolean {
    if (this.#left <= 0) {
      copy[TRUNCATED] = true;
      return false;
    }
    const part = this.copy(value);
    if (part === undefined) {
      return true;
    }
    const key = cutText(name, 1024);
    this.#left -= key.length + 4;
    if (key === '__proto__') {
      // An assignment would set the prototype.
      Object.defineProperty(copy, key, { value: part, enumerable: true, configurable: true, writable: true });
    } else {
      copy[key] = part;
    }
    return true;
  }

  #error(error: Error): Json {
    return this.#entries(Object.entries({ ...error, name: error.name, message: error.message }));
  }
}

function readProperty(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return '[unreadable]';
  }
}
