// Tracked events that wait, as JSON texts, in order. Bounded in events and in characters: over it the oldest go.
import type { Waiting } from './lane.js';

/** Characters that may wait. */
const LONGEST_QUEUE = 16 * 1024 * 1024;
/** Characters of one request, save that it has one event at least. */
const LONGEST_REQUEST = 4 * 1024 * 1024;

export class EventQueue implements Waiting<string> {
  #texts: string[] = [];
  #length = 0;

  get count(): number {
    return this.#texts.length;
  }

  get size(): number {
    return this.#texts.length;
  }

  add(text: string): void {
    this.#texts.push(text);
    this.#length += text.length;
  }

  /** Drops the oldest while there are more than `most`, or too long ones; answers how many went. */
  trim(most: number): number {
    let dropped = 0;
    while (this.count > most || this.#length > LONGEST_QUEUE) {
      this.#length -= this.#texts.shift()?.length ?? 0;
      dropped += 1;
    }
    return dropped;
  }

  release(): void {
    // All are ready at once.
  }

  take(most: number): string[] {
    let fits = 0;
    let length = 0;
    for (const text of this.#texts.slice(0, most)) {
      length += text.length;
      if (fits > 0 && length > LONGEST_REQUEST) {
        break;
      }
      fits += 1;
    }
    const taken = this.#texts.splice(0, fits);
    this.#length -= taken.reduce((sum, text) => sum + text.length, 0);
    return taken;
  }

  clear(): number {
    const { count } = this;
    this.#texts = [];
    this.#length = 0;
    return count;
  }
}
