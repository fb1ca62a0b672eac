// What a process has one of: the client, the scopes, the global user. It lives on `globalThis`, so that the ES modules
// and the CommonJS of this package, or two copies of it, do not each count for themselves.
import type { Client } from './client.js';
import type { Scope, ScopeStorage } from './scope.js';
import type { User } from './identity.js';
import type { Platform } from './platform.js';

export interface State {
  client?: Client;
  /** Clients before it that still send what they have. */
  leaving: Set<Client>;
  storage?: ScopeStorage<Scope>;
  platform?: Partial<Platform>;
  globalUser?: User;
  /** Warnings that were given. */
  warned: Set<string>;
  watchesExit?: boolean;
}

const KEY = Symbol.for('@cognobserve/sdk@0');

export const state: State = ((globalThis as Record<symbol, unknown>)[KEY] ??= { warned: new Set(), leaving: new Set() }) as State;
