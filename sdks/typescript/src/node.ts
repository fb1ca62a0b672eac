// The package in Node: scopes that last over `await`, requests that do not keep the program alive, and what waits is
// sent when the program has nothing else to do. No signal is listened to: that would change how a program ends.
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { randomFillSync } from 'node:crypto';
import process from 'node:process';
import { CognObserve as core } from './cognobserve.js';
import { nodePost } from './node-post.js';
import type { Scope } from './scope.js';
import { state } from './state.js';

function attach(): typeof core {
  if (!(state.storage instanceof AsyncLocalStorage)) {
    state.storage = new AsyncLocalStorage<Scope>();
  }
  const outside = new AsyncResource('CognObserve');
  state.platform ??= {
    post: nodePost,
    fill: (bytes) => randomFillSync(bytes),
    apart: (work) => outside.runInAsyncScope(work),
    sharesWork: true,
    hold() {
      const timer = setInterval(() => {}, 60_000);
      return () => clearInterval(timer);
    },
  };
  if (!state.watchesExit) {
    state.watchesExit = true;
    process.on('beforeExit', () => void state.client?.finish());
  }
  return core;
}

/** Made here and not only passed on, so that no bundler leaves this module out. */
export const CognObserve: typeof core = attach();
export { wrapAnthropic, wrapOpenAI } from './integrations/index.js';
export type {
  CognObserveConfig,
  ContentKind,
  Level,
  ObserveOptions,
  Span,
  SpanOptions,
  SpanType,
  Stats,
  Trace,
  TraceOptions,
  Usage,
  UserInfo,
  WhoseOptions,
} from './types.js';
