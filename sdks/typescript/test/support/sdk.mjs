// The SDK as tests use it: pointed at a local stand-in, with timers that tests let go by at once.
import { CognObserve } from '@cognobserve/sdk';
import { KEY } from './ledger.mjs';

const state = globalThis[Symbol.for('@cognobserve/sdk@0')];
const real = { ...state.platform };
/** Longer than any test: what is not meant to go by does not. */
export const NEVER_MS = 3_600_000;

/** Sets the SDK up for `ledger`; `platform` is laid over what the SDK runs on. */
export function setUp(ledger, options = {}, platform = {}) {
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

/** Pauses that are over at once, each noted; timers of `NEVER_MS` never ring. */
export function hurry() {
  const pauses = [];
  const after = (milliseconds, call) => {
    if (milliseconds >= NEVER_MS) {
      return () => {};
    }
    pauses.push(milliseconds);
    const timer = setImmediate(call);
    return () => clearImmediate(timer);
  };
  return { pauses, platform: { after, random: () => 1 } };
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
