// Follows a stream of the web without touching it: it is the very same object, and locked by nobody before the app does.
// Its own methods are replaced by ones that do the same and listen. Where streams are read without their methods
// (edge runtimes, Bun, Deno), nothing could be heard, so that there the call ends when it answers.
import type { Call } from './call.js';
import { guard } from './log.js';
import type { Pieces } from './pieces.js';

type Method = (...given: unknown[]) => unknown;
type FollowIterator = (iterator: Record<PropertyKey, unknown>, call: Call, pieces: Pieces) => void;

export function isWebStream(value: object): value is ReadableStream<unknown> {
  return typeof ReadableStream !== 'undefined' && value instanceof ReadableStream;
}

/** Node reads bodies and pieces by the methods of a stream; others do it behind them. */
function isHeard(): boolean {
  const host = globalThis as { process?: { versions?: Record<string, string> }; Deno?: unknown };
  const versions = host.process?.versions;
  return versions?.node !== undefined && versions.bun === undefined && host.Deno === undefined;
}

export function replace(on: object, key: PropertyKey, value: Method): void {
  Object.defineProperty(on, key, { value, configurable: true, writable: true, enumerable: false });
}

/** `undefined` if it cannot be followed. */
export function followWebStream(
  stream: ReadableStream<unknown>,
  call: Call,
  pieces: Pieces,
  followIterator: FollowIterator,
): unknown {
  if (stream.locked || !isHeard() || !Object.isExtensible(stream)) {
    return undefined;
  }
  const given = stream as unknown as Record<PropertyKey, unknown>;
  const finish = (): void => call.finish(pieces);
  const listenToIterator = (iterator: unknown): void =>
    followIterator(iterator as Record<PropertyKey, unknown>, call, pieces);
  const listeners: Record<PropertyKey, (answer: unknown) => unknown> = {
    getReader: (reader) => listenToReader(reader as Record<PropertyKey, unknown>, call, pieces),
    values: listenToIterator,
    [Symbol.asyncIterator]: listenToIterator,
    // Both halves get the same pieces.
    tee: (halves) => void followWebStream((halves as [ReadableStream<unknown>])[0], call, pieces, followIterator),
    pipeTo: (end) => listenToEnd(end as Promise<void>, call, pieces),
    // How that ends only the platform knows.
    pipeThrough: finish,
    cancel: finish,
  };
  for (const key of Reflect.ownKeys(listeners)) {
    const method = given[key];
    if (typeof method === 'function') {
      replace(stream, key, function (this: unknown, ...args) {
        const answer: unknown = (method as Method).apply(this, args);
        return (this === stream ? guard(undefined, () => listeners[key]?.(answer)) : undefined) ?? answer;
      });
    }
  }
  return stream;
}

/** Whoever waits for the end of piping gets its failure, too; if nobody does, it is as unhandled as before. */
function listenToEnd(end: Promise<void>, call: Call, pieces: Pieces): Promise<void> {
  return end.then(
    () => {
      call.finish(pieces);
      return call.sending;
    },
    (error: unknown) => {
      call.fail(error, pieces);
      throw error;
    },
  );
}

function listenToReader(reader: Record<PropertyKey, unknown>, call: Call, pieces: Pieces): void {
  const { read, cancel, releaseLock } = reader as Record<string, Method>;
  let isReleased = false;
  replace(reader, 'read', function (this: unknown, ...args) {
    return (read!.apply(this, args) as Promise<{ done: boolean; value?: unknown }>).then(
      async (step) => {
        if (!step.done) {
          guard(undefined, () => pieces.add(step.value));
          return step;
        }
        call.finish(pieces);
        await call.sending;
        return step;
      },
      (error: unknown) => {
        // A reader that was let go of reads in vain, which says nothing of the stream.
        if (!isReleased) {
          call.fail(error, pieces);
        }
        throw error;
      },
    );
  });
  replace(reader, 'cancel', function (this: unknown, ...args) {
    call.finish(pieces);
    return cancel!.apply(this, args);
  });
  replace(reader, 'releaseLock', function (this: unknown) {
    releaseLock!.call(this);
    isReleased = true;
  });
}
