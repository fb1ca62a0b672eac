// Follows streams that say how they end by events: Node's, and those of Anthropic's helper.
import type { Call } from './call.js';
import type { Pieces } from './pieces.js';

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
