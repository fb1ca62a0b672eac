// Ended spans that wait, by trace, and in order. Bounded in spans and in characters: over it the oldest go.
import type { Waiting } from './lane.js';
import type { TraceRecord } from './trace.js';

export interface EndedSpan {
  /** Its JSON text. */
  text: string;
  /** Its place among the spans of its trace, in the order in which they began. */
  ordinal: number;
}

/** Spans of one trace that go in one piece; none, if it ended without any. */
export interface Piece {
  trace: TraceRecord;
  spans: EndedSpan[];
}

/** Characters that may wait, so that large inputs do not fill the memory of the app. */
const LONGEST_QUEUE = 64 * 1024 * 1024;
/** Characters of one request, save that it has one span at least. */
const LONGEST_REQUEST = 4 * 1024 * 1024;

export class Queue implements Waiting<Piece> {
  /** Of traces that have not ended, in the order in which their first span did. */
  readonly #open = new Map<TraceRecord, Piece>();
  /** Of traces that have, in the order in which they did. */
  readonly #ready = new Map<TraceRecord, Piece>();
  readonly #ended = new WeakSet<TraceRecord>();
  /** Of which something left before they ended. */
  readonly #begun = new WeakSet<TraceRecord>();
  #count = 0;
  #empty = 0;
  #length = 0;

  /** Spans. */
  get count(): number {
    return this.#count;
  }

  /** All that will be settled: spans, and traces without any. */
  get size(): number {
    return this.#count + this.#empty;
  }

  add(trace: TraceRecord, span: EndedSpan): void {
    if (this.#ready.get(trace)?.spans.length === 0) {
      this.#empty -= 1;
    }
    put(this.#ended.has(trace) ? this.#ready : this.#open, trace, [span]);
    this.#count += 1;
    this.#length += span.text.length;
  }

  hasEnded(trace: TraceRecord): boolean {
    return this.#ended.has(trace);
  }

  /**
   * The trace has ended: what waits of it is ready, and so is what comes later. If nothing of it was told yet, it goes
   * without spans; `false` if there are as many of those as may be.
   */
  end(trace: TraceRecord, most: number): boolean {
    const isFirst = !this.#ended.has(trace);
    this.#ended.add(trace);
    const piece = this.#open.get(trace);
    if (piece) {
      this.#open.delete(trace);
      put(this.#ready, trace, piece.spans);
    } else if (isFirst && !this.#begun.has(trace)) {
      if (this.#empty >= most) {
        return false;
      }
      put(this.#ready, trace, []);
      this.#empty += 1;
    }
    return true;
  }

  /** Makes the ended spans of open traces ready, too. */
  release(): void {
    for (const piece of this.#open.values()) {
      this.#begun.add(piece.trace);
      put(this.#ready, piece.trace, piece.spans);
    }
    this.#open.clear();
  }

  /** Drops the oldest while there are more than `most` spans; answers how many went. */
  trim(most: number): number {
    let dropped = 0;
    while (this.#count > 0 && (this.#count > most || this.#length > LONGEST_QUEUE)) {
      if (!this.#dropOldest(this.#ready)) {
        this.#dropOldest(this.#open);
      }
      dropped += 1;
    }
    return dropped;
  }

  #dropOldest(pieces: Map<TraceRecord, Piece>): boolean {
    for (const piece of pieces.values()) {
      const span = piece.spans.shift();
      if (span) {
        this.#length -= span.text.length;
        this.#count -= 1;
        if (piece.spans.length === 0) {
          pieces.delete(piece.trace);
        }
        return true;
      }
    }
    return false;
  }

  /** Takes out the oldest ready spans, for one request. */
  take(most: number): Piece[] {
    const taken: Piece[] = [];
    let room = most;
    let length = 0;
    for (const piece of this.#ready.values()) {
      const fits = countFitting(piece.spans, room, LONGEST_REQUEST - length, taken.length === 0);
      const isEmpty = piece.spans.length === 0;
      if (fits === 0 && !isEmpty) {
        break;
      }
      this.#empty -= isEmpty ? 1 : 0;
      const spans = piece.spans.splice(0, fits);
      taken.push({ trace: piece.trace, spans });
      length += spans.reduce((sum, span) => sum + span.text.length, 0);
      room -= fits;
      if (piece.spans.length > 0) {
        break;
      }
      this.#ready.delete(piece.trace);
    }
    this.#count -= most - room;
    this.#length -= length;
    return taken;
  }

  /** Answers how many spans went. */
  clear(): number {
    const count = this.#count;
    this.#ready.clear();
    this.#open.clear();
    this.#count = 0;
    this.#empty = 0;
    this.#length = 0;
    return count;
  }
}

function put(pieces: Map<TraceRecord, Piece>, trace: TraceRecord, spans: EndedSpan[]): void {
  const known = pieces.get(trace);
  if (known) {
    known.spans.push(...spans);
  } else {
    pieces.set(trace, { trace, spans });
  }
}

function countFitting(spans: EndedSpan[], room: number, length: number, isFirst: boolean): number {
  let left = length;
  let fits = 0;
  for (const span of spans) {
    left -= span.text.length;
    if (fits >= room || (left < 0 && !(isFirst && fits === 0))) {
      break;
    }
    fits += 1;
  }
  return fits;
}

/** The text of a request. */
export function writeRequest(pieces: Piece[]): string {
  const traces = pieces.map(({ trace, spans }) => {
    const inOrder = [...spans].sort((a, b) => a.ordinal - b.ordinal);
    return `${trace.envelope()}${inOrder.map((span) => span.text).join(',')}]}`;
  });
  return `{"traces":[${traces.join(',')}]}`;
}

/** What a piece counts for among all that will be settled. */
export const countUnits = (pieces: Piece[]): number =>
  pieces.reduce((sum, piece) => sum + Math.max(piece.spans.length, 1), 0);

export const countSpans = (pieces: Piece[]): number => pieces.reduce((sum, piece) => sum + piece.spans.length, 0);
