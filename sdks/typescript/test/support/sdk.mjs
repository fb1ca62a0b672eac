// The SDK as tests use it: pointed at a local stand-in, with timers that tests let go by at once.
import { CognObserve } from '@cognobserve/sdk';
import { KEY } from './ledger.mjs';

const state = globalThis[Symbol.for('@cognobserve/sdk@0')];
const real = { ...state.platform };
/** Longer than any test: what is not meant to go by does not. */
export const NEVER_MS = 3_600_000;

/** Sets the SDK up for `ledger`, with nothing counted; `platform` is laid over what the SDK runs on. */
export function setUp(ledger, options = {}, platform = {}) {
  for (const { counts } of [state, state.events]) {
    Object.assign(counts, { sent: 0, dropped: 0, refused: 0 });
  }
  state.platform = { ...real, ...platform };
  state.globalUser = undefined;
  CognObserve.init({
    apiKey: KEY,
    endpoint: ledger.url,
    flushInterval: NEVER_MS,
    requestTimeout: NEVER_MS,
    ...options,
  });
}

/** Pauses that are over at once, each noted, on a clock that only they move; timers of `NEVER_MS` never ring. */
export function hurry() {
  const pauses = [];
  let time = 0;
  const after = (milliseconds, call) => {
    if (milliseconds >= NEVER_MS) {
      return () => {};
    }
    pauses.push(milliseconds);
    const timer = setImmediate(() => {
      time += milliseconds;
      call();
    });
    return () => clearImmediate(timer);
  };
  return { pauses, platform: { after, tick: () => time, random: () => 1 } };
}

/** What is said on stderr while `work` runs. */
export async function listen(work) {
  const said = [];
  const before = console.warn;
  console.warn = (text) => said.push(text);
  try {
    await work();
  } finally {
    console.warn = before;
  }
  return said;
}
