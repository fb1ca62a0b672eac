// Follows streams that can be read in other ways than as iterables: those of the web, and Node's.
import type { Call } from './call.js';
import { guard } from './log.js';
import type { Pieces } from './pieces.js';

export function isWebStream(value: object): value is ReadableStream<unknown> {
  return typeof ReadableStream !== 'undefined' && value instanceof ReadableStream;
}

/** A stream of the same pieces, read from the given one only as fast as it is read itself. */
export function followWebStream(stream: ReadableStream<unknown>, call: Call, pieces: Pieces): unknown {
  if (stream.locked) {
    return undefined;
  }
  const reader = stream.getReader();
  const source = {
    async pull(to: ReadableStreamDefaultController<unknown>): Promise<void> {
      try {
        const { done, value } = await reader.read();
        if (done) {
          call.finish(pieces);
          await call.sending;
          to.close();
        } else {
          guard(undefined, () => pieces.add(value));
          to.enqueue(value);
        }
      } catch (error) {
        call.fail(error, pieces);
        to.error(error);
      }
    },
    async cancel(reason: unknown): Promise<void> {
      call.finish(pieces);
      await reader.cancel(reason);
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

/** Streams of Node may be piped away, those of Anthropic's helper waited for: they end when they say so. */
export function followEvents(stream: Record<PropertyKey, unknown>, call: Call, pieces: Pieces): void {
  const { once } = stream;
  if (typeof once !== 'function') {
    return;
  }
  const end = (): void => {
    const { errored } = stream as { errored?: unknown };
    if (errored) {
      call.fail(errored === true ? 'the stream failed' : errored, pieces);
    } else {
      call.finish(pieces);
    }
  };
  for (const event of ['end', 'close']) {
    (once as (event: string, heard: () => void) => void).call(stream, event, end);
  }
}
