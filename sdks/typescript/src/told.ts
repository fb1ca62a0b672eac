// Which answers of providers the calls below a call have told, so that one answer is told once. An answer with an id is
// known by it; any other, and one that was told by hand, by its tokens.
import type { Reading } from './providers/reading.js';
import type { Usage } from './types.js';

/** Of more than these the oldest are forgotten. */
const MOST = 1000;

/** `undefined` if it tells no tokens. */
function writeUsage(usage: Usage | undefined): string | undefined {
  const known = Object.entries(usage ?? {}).filter(([, tokens]) => typeof tokens === 'number');
  return known.length > 0 ? JSON.stringify(known.sort(([a], [b]) => (a < b ? -1 : 1))) : undefined;
}

export class Told {
  readonly #keys = new Set<string>();

  add({ responseId, usage }: Reading): void {
    const tokens = writeUsage(usage);
    if (tokens === undefined) {
      return;
    }
    this.#keys.add(`any ${tokens}`);
    this.#keys.add(responseId === undefined ? `no id ${tokens}` : `id ${responseId}`);
    for (const oldest of this.#keys) {
      if (this.#keys.size <= MOST) {
        break;
      }
      this.#keys.delete(oldest);
    }
  }

  has({ responseId, usage }: Reading): boolean {
    const tokens = writeUsage(usage);
    if (tokens === undefined) {
      return false;
    }
    const isKnown = responseId !== undefined && this.#keys.has(`id ${responseId}`);
    return isKnown || this.#keys.has(responseId === undefined ? `any ${tokens}` : `no id ${tokens}`);
  }
}
