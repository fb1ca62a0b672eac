// What a process has one of: the client, the scopes, the global user. It lives on `globalThis`, so that the ES modules
// and the CommonJS of this package, or two copies of it, do not each count for themselves.
import type { Client } from './client.js';
import type { Scope, ScopeStorage } from './scope.js';
import type { User } from './identity.js';
import type { Platform } from './platform.js';

export interface State {
  client?: Client;
  /** All clients, this one and those before it, that have something which is not dealt with. */
  busy: Set<Client>;
  /** What became of the spans of all clients. */
  counts: Record<'sent' | 'dropped' | 'refused', number>;
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

const makeState = (): State => ({
  warned: new Set(),
  busy: new Set(),
  counts: { sent: 0, dropped: 0, refused: 0 },
  clients: 0,
  closed: 0,
});

export const state: State = ((globalThis as Record<symbol, unknown>)[KEY] ??= makeState()) as State;
