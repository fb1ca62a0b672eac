// What was in an answer that arrived in pieces: of a known provider its message, of texts one text, else a list.
import { CONTENT_LIMIT, toJson, type Json } from './json.js';
import { startJoining } from './providers/index.js';
import type { Joiner, Reading } from './providers/reading.js';

export class Pieces {
  readonly #isGeneration: boolean;
  readonly #keepsContent: boolean;
  readonly #list: Json[] = [];
  #joiner: Joiner | undefined;
  #isEmpty = true;
  #left = CONTENT_LIMIT;

  constructor(isGeneration: boolean, keepsContent: boolean) {
    this.#isGeneration = isGeneration;
    this.#keepsContent = keepsContent;
  }

  add(piece: unknown): void {
    if (this.#isEmpty && this.#isGeneration) {
      this.#joiner = startJoining(piece);
    }
    this.#isEmpty = false;
    if (this.#joiner) {
      this.#joiner.add(piece);
    } else if (this.#keepsContent && this.#left > 0) {
      this.#keep(piece);
    }
  }

  #keep(piece: unknown): void {
    const copy = toJson(piece, this.#left) ?? null;
    this.#left -= typeof copy === 'string' ? copy.length + 2 : JSON.stringify(copy).length + 1;
    this.#list.push(copy);
  }

  /** What a provider said in the pieces. */
  read(): Reading | undefined {
    return this.#joiner?.read();
  }

  /** The pieces of anybody else, joined. */
  join(): unknown {
    if (this.#list.length === 0) {
      return undefined;
    }
    const isText = this.#list.every((piece) => typeof piece === 'string');
    return isText ? this.#list.join('') : this.#list;
  }
}
