// All that the SDK needs from what it runs on: time, timers, chance, the network, staying alive.
// The defaults use what browsers, edge runtimes and Node have in common; `node.ts` brings better ones, tests theirs.
import { fetchPost, type Post } from './transport.js';
import { state } from './state.js';

export interface Platform {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that only ever go forward. */
  tick(): number;
  /** Calls once after so many milliseconds, without keeping the program alive; answers what takes it back. */
  after(milliseconds: number, call: () => void): () => void;
  /** From 0 to below 1. */
  random(): number;
  /** Fills with bytes that nobody can guess, so that ids never meet. */
  fill(bytes: Uint8Array): Uint8Array;
  post: Post;
  /** Runs work of ours apart from the call that happens to start it, so that nobody takes it for a part of that call. */
  apart<T>(work: () => T): T;
  /**
   * Whether work that one call has begun may be waited for by another. Cloudflare ends the work of a request with it, so
   * that there each request sends by itself.
   */
  sharesWork: boolean;
  /** Keeps the program alive until what it answers is called. */
  hold(): () => void;
}

const defaults: Platform = {
  now: () => Date.now(),
  tick: () => (typeof performance === 'undefined' ? Date.now() : performance.now()),
  after(milliseconds, call) {
    const timer: unknown = setTimeout(call, milliseconds);
    (timer as { unref?: () => void }).unref?.();
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
  random: () => Math.random(),
  fill(bytes) {
    const hasCrypto = typeof crypto !== 'undefined' && typeof crypto.getRandomValues === 'function';
    return hasCrypto ? crypto.getRandomValues(bytes) : bytes.map(() => Math.floor(Math.random() * 256));
  },
  post: fetchPost,
  apart: (work) => work(),
  sharesWork: false,
  hold: () => () => {},
};

/** The platform in force, with what is given laid over it. */
export function readPlatform(over: Partial<Platform> = {}): Platform {
  return { ...defaults, ...state.platform, ...over };
}

/** Asking for a few bytes at a time costs more than all the rest of a call. */
const POOL_BYTES = 4096;
let pool: Uint8Array = new Uint8Array(0);
let used = 0;

/** Good until the next call. */
export function randomBytes(length: number): Uint8Array {
  if (used + length > pool.length) {
    pool = (state.platform?.fill ?? defaults.fill)(new Uint8Array(POOL_BYTES));
    used = 0;
  }
  used += length;
  return pool.subarray(used - length, used);
}
