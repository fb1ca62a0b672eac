// Follows what a call answers to its end, without changing what the app sees: promises, generators, iterables, streams.
import type { Call } from './call.js';
import { followEvents } from './follow-events.js';
import { followPromise, isThenable } from './follow-promise.js';
import { followWebStream, isWebStream, replace } from './follow-stream.js';
import { guard } from './log.js';
import { Pieces } from './pieces.js';
import { runInScope } from './scope.js';

type Step = { done?: boolean; value?: unknown };
type Method = (...given: unknown[]) => unknown;

/** The answer, or one that behaves like it; the call's span ends when it does. */
export function follow(answer: unknown, call: Call): unknown {
  if (isThenable(answer)) {
    return followPromise(answer, call, (value) => followValue(value, call));
  }
  return followValue(answer, call);
}

function followValue(answer: unknown, call: Call): unknown {
  try {
    return followPieces(answer, call) ?? finishAtOnce(answer, call);
  } catch {
    // An object that cannot be followed: its span ends here.
    return finishAtOnce(answer, call);
  }
}

function finishAtOnce(answer: unknown, call: Call): unknown {
  call.succeed(answer);
  return answer;
}

/** `undefined` if the answer does not arrive in pieces. */
function followPieces(answer: unknown, call: Call): unknown {
  if (typeof answer !== 'object' || answer === null) {
    return undefined;
  }
  const pieces = new Pieces(call.span.isGeneration, call.span.wantsOutput);
  if (isWebStream(answer)) {
    return whenDropped(followWebStream(answer, call, pieces, followIterator), call, pieces);
  }
  const given = answer as Record<PropertyKey, unknown>;
  const isAsync = typeof given[Symbol.asyncIterator] === 'function';
  if (isIterator(given, isAsync)) {
    followIterator(given, call, pieces);
  } else if (isAsync) {
    followIterable(given, call, pieces);
  } else {
    return undefined;
  }
  return whenDropped(answer, call, pieces);
}

/** Whoever drops it without a word abandons it as well. */
function whenDropped(answer: unknown, call: Call, pieces: Pieces): unknown {
  if (answer !== undefined) {
    dropped?.register(answer as object, () => call.finish(pieces));
  }
  return answer;
}

const dropped =
  typeof FinalizationRegistry === 'undefined' ? undefined : new FinalizationRegistry<() => void>((finish) => finish());

/** Generators and what behaves like them; but no cursor of a database, whose `next` is another. */
function isIterator(given: Record<PropertyKey, unknown>, isAsync: boolean): boolean {
  const tag = given[Symbol.toStringTag];
  const isKnown = typeof tag === 'string' && /Generator$|Iterator$/.test(tag);
  return typeof given.next === 'function' && (isAsync ? isKnown : typeof given[Symbol.iterator] === 'function');
}

function followIterable(given: Record<PropertyKey, unknown>, call: Call, pieces: Pieces): void {
  // The streams of OpenAI and Anthropic begin at `iterator`, however they are read.
  const key = typeof given.iterator === 'function' && given.controller ? 'iterator' : Symbol.asyncIterator;
  const begin = given[key] as Method;
  replace(given, key, (...args) => {
    const iterator = begin.apply(given, args);
    followIterator(iterator as Record<PropertyKey, unknown>, call, pieces);
    return iterator;
  });
  followEvents(given, call, pieces);
}

/** Listens to each step of an iterator, asynchronous or not; its body runs in the scope of the call. */
function followIterator(iterator: Record<PropertyKey, unknown>, call: Call, pieces: Pieces): void {
  const take = (step: unknown, isLast: boolean): unknown => {
    const { done, value } = (step ?? {}) as Step;
    if (!done) {
      guard(undefined, () => pieces.add(value));
    }
    if (!done && !isLast) {
      return step;
    }
    call.finish(pieces);
    return step;
  };
  const takeLate = (step: unknown, isLast: boolean): unknown => {
    take(step, isLast);
    const sending = (step as Step | undefined)?.done || isLast ? call.sending : undefined;
    return sending ? sending.then(() => step) : step;
  };
  const fail = (error: unknown): never => {
    call.fail(error, pieces);
    throw error;
  };
  for (const key of ['next', 'return', 'throw']) {
    const method = iterator[key];
    if (typeof method !== 'function') {
      continue;
    }
    const isLast = key === 'return';
    replace(iterator, key, (...args) => {
      try {
        const step = runInScope(call.scope, () => (method as Method).apply(iterator, args));
        return isThenable(step) ? step.then((late) => takeLate(late, isLast), fail) : take(step, isLast);
      } catch (error) {
        return fail(error);
      }
    });
  }
}
