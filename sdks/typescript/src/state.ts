// What a process has one of: the client, the scopes, the global user. It lives on `globalThis`, so that the ES modules
// and the CommonJS of this package, or two copies of it, do not each count for themselves.
import type { Client } from './client.js';
import type { Stats } from './types.js';
import type { Scope, ScopeStorage } from './scope.js';
import type { User } from './identity.js';
import type { Platform } from './platform.js';

/** What waits of a client, spans or events. */
export interface Busy {
  readonly waiting: number;
  flush(longest?: number): Promise<void>;
  finish(): Promise<void>;
  /** Answers how much is lost. */
  abandon(): number;
}

/** Of one kind, of all clients. */
export interface Tally {
  /** Those of this client and those before it that have something which is not dealt with. */
  busy: Set<Busy>;
  /** What became of the others. */
  counts: Record<'sent' | 'dropped' | 'refused', number>;
}

/** The tally is that of spans. */
export interface State extends Tally {
  client?: Client;
  events: Tally;
  /** How many clients there were, and how many of them `shutdown` has closed. */
  clients: number;
  closed: number;
  storage?: ScopeStorage<Scope>;
  platform?: Partial<Platform>;
  globalUser?: User;
  /** Warnings that were given. */
  warned: Set<string>;
  watchesExit?: boolean;
}

const KEY = Symbol.for('@cognobserve/sdk@0');

const makeTally = (): Tally => ({ busy: new Set(), counts: { sent: 0, dropped: 0, refused: 0 } });

const makeState = (): State => ({
  ...makeTally(),
  events: makeTally(),
  warned: new Set(),
  clients: 0,
  closed: 0,
});

export const state: State = ((globalThis as Record<symbol, unknown>)[KEY] ??= makeState()) as State;

export const readTally = ({ busy, counts }: Tally): Stats => ({
  ...counts,
  waiting: [...busy].reduce((sum, one) => sum + one.waiting, 0),
});
