// The package in Node: scopes that last over `await`, requests that do not keep the program alive, and what waits is
// sent when the program has nothing else to do. No signal is listened to: that would change how a program ends.
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { randomFillSync } from 'node:crypto';
import process from 'node:process';
import { abandonAll, finishAll } from './client.js';
import { CognObserve as core } from './cognobserve.js';
import { nodePost } from './node-post.js';
import type { Scope } from './scope.js';
import { guard, say } from './log.js';
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
    process.on('beforeExit', () => void finishAll());
    process.on('exit', () => guard(undefined, tellWhatIsLost));
  }
  return core;
}

/** `process.exit` and errors that nobody catches end a program without `beforeExit`: nothing can be sent any more. */
function tellWhatIsLost(): void {
  const { spans, events } = abandonAll();
  const lost = [spans > 0 && `${spans} spans`, events > 0 && `${events} events`].filter(Boolean);
  if (lost.length > 0) {
    say(`the program ended with ${lost.join(' and ')} not sent, which are lost; await CognObserve.shutdown() before process.exit()`);
  }
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
  TrackOptions,
  Usage,
  UserInfo,
  WhoseOptions,
} from './types.js';
