// The kinds of what is sent: each has a route, words and counts of its own.
import { countSpans, countUnits, writeRequest, type Piece } from './queue.js';
import { state, type Tally } from './state.js';

export interface Kind<Piece> {
  /** Below the endpoint. */
  readonly path: string;
  readonly items: string;
  /** What an answer has one result for each of. */
  readonly whole: string;
  readonly tally: Tally;
  countItems(pieces: Piece[]): number;
  /** All that will be settled. */
  countUnits(pieces: Piece[]): number;
  /** For `debug`. */
  describe(pieces: Piece[]): string;
  /** The text of a request. */
  write(pieces: Piece[]): string;
}

export const TRACES: Kind<Piece> = {
  path: '/v1/traces/batch',
  items: 'spans',
  whole: 'a trace',
  tally: state,
  countItems: countSpans,
  countUnits,
  describe: (pieces) => `${countSpans(pieces)} spans of ${pieces.length} traces`,
  write: writeRequest,
};

/** Each is its JSON text. */
export const EVENTS: Kind<string> = {
  path: '/v1/events',
  items: 'events',
  whole: 'an event',
  tally: state.events,
  countItems: (pieces) => pieces.length,
  countUnits: (pieces) => pieces.length,
  describe: (pieces) => `${pieces.length} events`,
  write: (pieces) => `{"events":[${pieces.join(',')}]}`,
};
