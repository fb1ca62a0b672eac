// Brings one batch to the server: tries again what may pass, halves what is too large, says what became of each piece.
import type { Config } from './config.js';
import type { Kind } from './kinds.js';
import { debug, warnOnce } from './log.js';
import type { Platform } from './platform.js';
import { packBody, type PostAnswer } from './transport.js';

export type Fate = 'sent' | 'dropped' | 'refused';
export type Settle<Piece> = (fate: Fate, pieces: Piece[]) => void;

const isTriedAgain = (status: number): boolean => status === 429 || status >= 500;
const TOO_LARGE = 413;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const LONGEST_ASKED_PAUSE_MS = 60_000;

interface ItemAnswer {
  success?: unknown;
  error?: { code?: unknown; message?: unknown };
}

/** The pause that a server asks for, in seconds or until a date. */
export function readRetryAfter(text: string | undefined, now: number): number {
  if (!text) {
    return 0;
  }
  const seconds = Number(text);
  const asked = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - now;
  return asked > 0 ? Math.min(asked, LONGEST_ASKED_PAUSE_MS) : 0;
}

/** How long to wait before try `next` (the second is 1). */
export function pauseBefore(next: number, random: number, asked: number): number {
  const full = Math.min(FIRST_PAUSE_MS * 2 ** (next - 1), LONGEST_PAUSE_MS);
  return Math.max(full * (0.5 + random / 2), asked);
}

export class Sender<Piece> {
  readonly #config: Config;
  readonly #platform: Platform;
  readonly #kind: Kind<Piece>;
  readonly #settle: Settle<Piece>;
  #isStopped = false;
  /** The tick before which nothing leaves, whatever is to be sent: what the server asked for, or the backoff. */
  #heldUntil: number;
  /** Each cuts short something that is under way. */
  readonly #interrupts = new Set<() => void>();

  constructor(config: Config, platform: Platform, kind: Kind<Piece>, settle: Settle<Piece>, heldUntil = -Infinity) {
    this.#heldUntil = heldUntil;
    this.#config = config;
    this.#platform = platform;
    this.#kind = kind;
    this.#settle = settle;
  }

  get heldUntil(): number {
    return this.#heldUntil;
  }

  /** Gives up what is under way. */
  stop(): void {
    this.#isStopped = true;
    this.#interrupts.forEach((interrupt) => interrupt());
  }

  async send(batch: Piece[]): Promise<void> {
    const parts = [batch];
    for (let part = parts.pop(); part; part = parts.pop()) {
      const answer = await this.#tryUntilAnswered(part).catch(() => undefined);
      debug(this.#config.debug, `${this.#kind.describe(part)}: ${answer?.status ?? 'no answer'}`);
      if (!answer || isTriedAgain(answer.status)) {
        this.#giveUp(part, answer);
      } else if (answer.status === TOO_LARGE && part.length > 1) {
        const half = Math.ceil(part.length / 2);
        parts.push(part.slice(half), part.slice(0, half));
      } else if (answer.status === TOO_LARGE) {
        const { whole } = this.#kind;
        warnOnce(`too-large ${whole}`, `${whole} is too large for the server; it is dropped`);
        this.#settle('dropped', part);
      } else if (answer.status >= 200 && answer.status < 300) {
        this.#readResults(part, answer.text);
      } else {
        this.#giveUpForGood(part, answer.status);
      }
    }
  }

  #giveUp(part: Piece[], answer: PostAnswer | undefined): void {
    // Whoever stops it says so, and of how many.
    if (!this.#isStopped) {
      const what = answer ? `answered ${answer.status}` : 'was not reached';
      const { items } = this.#kind;
      warnOnce(`unreached ${items}`, `the server ${what}; ${items} are dropped`);
    }
    this.#settle('dropped', part);
  }

  #giveUpForGood(part: Piece[], status: number): void {
    const hint = status === 401 || status === 403 ? ': is the API key right, and may it ingest?' : '';
    const { items } = this.#kind;
    warnOnce(`status-${status} ${items}`, `the server refused ${items} with ${status}${hint}`);
    this.#settle('dropped', part);
  }

  #readResults(batch: Piece[], text: string): void {
    const results = readItems(text);
    if (results?.length !== batch.length) {
      warnOnce('odd-answer', "the server's answer is not CognObserve's: is the endpoint right?");
      this.#settle('dropped', batch);
      return;
    }
    for (const [at, piece] of batch.entries()) {
      const item = results[at];
      const isRefused = item?.success === false;
      if (isRefused) {
        const code = String(item.error?.code ?? 'unknown');
        const said = `the server refused ${this.#kind.whole}: ${code}: ${String(item.error?.message ?? '')}`;
        warnOnce(`item-${code} of ${this.#kind.items}`, said);
        debug(this.#config.debug, said);
      }
      this.#settle(isRefused ? 'refused' : 'sent', [piece]);
    }
  }

  async #tryUntilAnswered(batch: Piece[]): Promise<PostAnswer | undefined> {
    const packed = await packBody(this.#kind.write(batch), this.#config.apiKey ?? '');
    let answer: PostAnswer | undefined;
    for (let tried = 0; tried <= this.#config.maxRetries; tried += 1) {
      await this.#waitUntilFree();
      if (this.#isStopped) {
        return undefined;
      }
      answer = await this.#tryOnce(packed);
      if (answer && !isTriedAgain(answer.status)) {
        return answer;
      }
      this.#hold(tried + 1, answer);
    }
    return answer;
  }

  #hold(next: number, answer: PostAnswer | undefined): void {
    const asked = readRetryAfter(answer?.retryAfter, this.#platform.now());
    const pause = pauseBefore(next, this.#platform.random(), asked);
    this.#heldUntil = Math.max(this.#heldUntil, this.#platform.tick() + pause);
  }

  async #waitUntilFree(): Promise<void> {
    for (let left = this.#left(); left > 0 && !this.#isStopped; left = this.#left()) {
      // Whole milliseconds, as timers have.
      await this.#within(Math.ceil(left), () => {});
    }
  }

  #left(): number {
    return this.#heldUntil - this.#platform.tick();
  }

  /** Until what `begin` starts is done, the time is over, or all is given up. */
  #within<T>(
    milliseconds: number,
    begin: (done: (value?: T) => void) => void,
    cut = (): void => {},
  ): Promise<T | undefined> {
    return new Promise((answer) => {
      const finish = (value?: T): void => {
        takeBack();
        this.#interrupts.delete(interrupt);
        answer(value);
      };
      const interrupt = (): void => {
        cut();
        finish();
      };
      const takeBack = this.#platform.after(milliseconds, interrupt);
      this.#interrupts.add(interrupt);
      begin(finish);
    });
  }

  /** One try; `undefined` if there was no answer in time. */
  #tryOnce(packed: Awaited<ReturnType<typeof packBody>>): Promise<PostAnswer | undefined> {
    const abort = new AbortController();
    const request = { url: `${this.#config.endpoint}${this.#kind.path}`, ...packed, signal: abort.signal };
    const begin = (done: (answer?: PostAnswer) => void): void => {
      const answered = Promise.resolve().then(() => this.#platform.post(request));
      answered.then(done, () => done());
    };
    return this.#within(this.#config.requestTimeout, begin, () => abort.abort());
  }
}

/** `undefined` for what no server of ours answers. */
function readItems(text: string): ItemAnswer[] | undefined {
  try {
    const { results } = JSON.parse(text) as { results?: unknown };
    const isOurs = Array.isArray(results) && results.every((item) => typeof item === 'object' && item !== null);
    return isOurs ? (results as ItemAnswer[]) : undefined;
  } catch {
    return undefined;
  }
}
