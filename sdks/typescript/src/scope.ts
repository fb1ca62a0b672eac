// Which user, session, trace and span the running code is in. Scopes are never changed, only nested, so that what runs
// at the same time does not meet.
import { state } from './state.js';
import type { SpanRecord } from './span.js';
import type { TraceRecord } from './trace.js';
import type { User } from './identity.js';

export interface Scope {
  /** `null`: nobody, whatever is around; `undefined`: nothing said. */
  readonly user?: User | null | undefined;
  readonly session?: string | undefined;
  readonly trace?: TraceRecord | undefined;
  readonly span?: SpanRecord | undefined;
}

export interface ScopeStorage<T> {
  getStore(): T | undefined;
  run<R>(store: T, work: () => R): R;
}

type StorageClass = new () => ScopeStorage<Scope>;

/** For runtimes without asynchronous scopes: holds until the first `await`, and never reaches into other code. */
export class StackStorage<T> implements ScopeStorage<T> {
  #top: T | undefined;

  getStore(): T | undefined {
    return this.#top;
  }

  run<R>(store: T, work: () => R): R {
    const before = this.#top;
    this.#top = store;
    try {
      return work();
    } finally {
      this.#top = before;
    }
  }
}

/** The class, where it is a global (Vercel) or can be asked for (Cloudflare's `nodejs_compat`, Deno, Bun). */
function findStorageClass(): StorageClass | undefined {
  const host = globalThis as {
    AsyncLocalStorage?: StorageClass;
    process?: { getBuiltinModule?: (name: string) => { AsyncLocalStorage?: StorageClass } | undefined };
  };
  try {
    return host.AsyncLocalStorage ?? host.process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage;
  } catch {
    return undefined;
  }
}

function storage(): ScopeStorage<Scope> {
  if (!state.storage) {
    const Found = findStorageClass();
    state.storage = Found ? new Found() : new StackStorage();
  }
  return state.storage;
}

const NOTHING: Scope = {};

export function currentScope(): Scope {
  return storage().getStore() ?? NOTHING;
}

export function runInScope<R>(scope: Scope, work: () => R): R {
  return storage().run(scope, work);
}

/** Whether the user of a scope, or nobody, is another than that of the trace in it. */
export function isOfAnother({ trace, user }: Scope): boolean {
  return trace !== undefined && user !== undefined && user?.id !== trace.user?.id;
}

/** Says in the metadata of a trace where it comes from. */
export function linkTo({ trace, span }: Scope): Record<string, unknown> {
  return { parent_trace_id: trace?.id, parent_span_id: span?.id };
}
