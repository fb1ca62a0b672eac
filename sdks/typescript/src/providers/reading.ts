// What can be read in a provider's answer, and careful ways to look into a value of which nothing is certain.
import type { Usage } from '../types.js';

export interface Reading {
  model?: string | undefined;
  responseId?: string | undefined;
  usage?: Usage | undefined;
  /** The message, not the whole answer. */
  output?: unknown;
}

/** Joins the pieces of a streamed answer. */
export interface Joiner {
  add(piece: unknown): void;
  read(): Reading;
}

export interface Provider {
  /** `undefined` if the answer is not of this provider. */
  readAnswer(answer: unknown): Reading | undefined;
  /** `undefined` if the first piece is not of this provider. */
  startJoining(piece: unknown): Joiner | undefined;
}

export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** The value at the end of a path of keys, if there is one. */
export function look(value: unknown, ...path: (string | number)[]): unknown {
  let at: unknown = value;
  for (const key of path) {
    if (!isFields(at)) {
      return undefined;
    }
    at = at[key];
  }
  return at;
}

export function lookText(value: unknown, ...path: (string | number)[]): string | undefined {
  const text = look(value, ...path);
  return typeof text === 'string' && text !== '' ? text : undefined;
}

export function lookNumber(value: unknown, ...path: (string | number)[]): number | undefined {
  const number = look(value, ...path);
  return typeof number === 'number' ? number : undefined;
}

export function lookList(value: unknown, ...path: (string | number)[]): unknown[] {
  const list = look(value, ...path);
  return Array.isArray(list) ? (list as unknown[]) : [];
}

/** The sum of those that are known; `undefined` if none is. */
export function add(...numbers: (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined);
  return known.length > 0 ? known.reduce((sum, number) => sum + number, 0) : undefined;
}

/** Usage without what is not known; `undefined` if nothing is. */
export function makeUsage(usage: { [Field in keyof Usage]: number | undefined }): Usage | undefined {
  const known = Object.entries(usage).filter(([, tokens]) => tokens !== undefined);
  return known.length > 0 ? (Object.fromEntries(known) as Usage) : undefined;
}

/** One as it is, more as a list, none as nothing. */
export function oneOrList(values: unknown[]): unknown {
  return values.length > 1 ? values : values[0];
}
