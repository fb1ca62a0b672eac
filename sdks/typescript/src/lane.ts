// What is on its way of one kind, spans or events: when what waits is sent, who waits for it, and what became of it.
// Nothing here throws into the app, and only `flush` waits.
import type { Config } from './config.js';
import type { Kind } from './kinds.js';
import { warnOnce } from './log.js';
import type { Platform } from './platform.js';
import { Sender, type Fate } from './sender.js';

/** What waits: `size` counts all that will be settled, `count` the items that the app knows of. */
export interface Waiting<Piece> {
  readonly count: number;
  readonly size: number;
  /** Makes ready what is not. */
  release(): void;
  take(most: number): Piece[];
  /** Answers how many items went. */
  clear(): number;
}

interface Waiter {
  /** How much must be settled. */
  until: number;
  done: () => void;
}

/** How long it may take to hear that what was under way has been given up. */
const LONGEST_LEAVE_MS = 1000;

export class Lane<Piece, Queue extends Waiting<Piece>> {
  readonly queue: Queue;
  readonly #config: Config;
  readonly #platform: Platform;
  readonly #kind: Kind<Piece>;
  #sender: Sender<Piece>;
  /** All that was told, and what of it has been dealt with. */
  #taken = 0;
  #settled = 0;
  #inFlight = 0;
  #timer: { due: number; takeBack: () => void } | undefined;
  /** How many send what is ready; more than one only where work is not shared. */
  #senders = 0;
  /** What is being sent without anybody who waits for it. */
  readonly #aside = new Set<Promise<void>>();
  #waiters: Waiter[] = [];

  constructor(config: Config, platform: Platform, kind: Kind<Piece>, queue: Queue) {
    this.queue = queue;
    this.#config = config;
    this.#platform = platform;
    this.#kind = kind;
    this.#sender = this.#makeSender();
  }

  #makeSender(heldUntil?: number): Sender<Piece> {
    const settle = (fate: Fate, pieces: Piece[]): void => {
      const items = this.#kind.countItems(pieces);
      this.#inFlight -= items;
      this.settle(fate, items, this.#kind.countUnits(pieces));
    };
    return new Sender(this.#config, this.#platform, this.#kind, settle, heldUntil);
  }

  /** Items that make a request leave at once: few enough that a small queue has room while it does. */
  get isDue(): boolean {
    const { maxBatchSize, maxQueueSize } = this.#config;
    return this.queue.count >= Math.min(maxBatchSize, Math.max(1, Math.floor(maxQueueSize / 2)));
  }

  get isDone(): boolean {
    return this.#taken === this.#settled;
  }

  /** Items that are not dealt with. */
  get waiting(): number {
    return this.queue.count + this.#inFlight;
  }

  /** So much more is to be settled. */
  expect(units: number): void {
    this.#taken += units;
    if (!this.isDone) {
      this.#kind.tally.busy.add(this);
    }
  }

  settle(fate: Fate, items: number, units = items): void {
    this.#kind.tally.counts[fate] += items;
    this.#settled += units;
    if (this.isDone) {
      this.#kind.tally.busy.delete(this);
    }
    const due = this.#waiters.filter((waiter) => waiter.until <= this.#settled);
    this.#waiters = this.#waiters.filter((waiter) => waiter.until > this.#settled);
    for (const waiter of due) {
      waiter.done();
    }
  }

  setTimer(): void {
    const now = this.#platform.now();
    // A timer whose request has ended may never ring.
    if (this.#timer && now < this.#timer.due + this.#config.flushInterval) {
      return;
    }
    this.#timer?.takeBack();
    const takeBack = this.#platform.after(this.#config.flushInterval, () => this.sendAside());
    this.#timer = { due: now + this.#config.flushInterval, takeBack };
  }

  #sendAll(): Promise<void> {
    this.#timer?.takeBack();
    this.#timer = undefined;
    this.queue.release();
    return this.#drain();
  }

  /** Answers when what it has begun to send is settled; where work is shared, at once if somebody is at it already. */
  #drain(): Promise<void> {
    if (this.#platform.sharesWork && this.#senders > 0) {
      return Promise.resolve();
    }
    this.#senders += 1;
    return this.#platform.apart(() => this.#sendReady());
  }

  /** Begins to send all that has ended, for nobody who waits. */
  sendAside(): void {
    this.#beginAside(() => this.#sendAll());
  }

  /** The same of what is ready. */
  drainAside(): void {
    this.#beginAside(() => this.#drain());
  }

  #beginAside(begin: () => Promise<void>): void {
    const sending = begin().finally(() => this.#aside.delete(sending));
    this.#aside.add(sending);
  }

  async #sendReady(): Promise<void> {
    if (this.#platform.sharesWork) {
      // What ends in the same breath goes together.
      await Promise.resolve();
    }
    try {
      for (let batch = this.#next(); batch.length > 0; batch = this.#next()) {
        await this.#sender.send(batch);
      }
    } finally {
      // At once: what ends from here on needs a sender of its own.
      this.#senders -= 1;
    }
  }

  /** Sends what is ready; until it is settled, or the time is over. */
  drain(longest: number): Promise<void> {
    const own = this.#drain();
    return this.#platform.sharesWork ? this.#untilSettled(longest) : this.#within(own, longest);
  }

  #next(): Piece[] {
    const batch = this.queue.take(this.#config.maxBatchSize);
    this.#inFlight += this.#kind.countItems(batch);
    return batch;
  }

  /** Until all that has ended by now is settled, or the time is over. */
  async flush(longest?: number): Promise<void> {
    const own = this.#sendAll();
    if (this.#platform.sharesWork) {
      return this.#untilSettled(longest);
    }
    const aside = [...this.#aside];
    await this.#within(own, longest);
    await this.#within(Promise.all(aside), longest ?? this.#config.requestTimeout);
    // What was begun by a request that has ended meanwhile never answers.
    aside.forEach((sending) => this.#aside.delete(sending));
  }

  #within(sent: Promise<unknown>, longest: number | undefined): Promise<void> {
    return new Promise((done) => {
      const takeBack = longest === undefined ? undefined : this.#platform.after(longest, done);
      void sent.then(() => {
        takeBack?.();
        done();
      });
    });
  }

  #untilSettled(longest: number | undefined): Promise<void> {
    if (this.isDone) {
      return Promise.resolve();
    }
    return new Promise((done) => {
      const release = this.#platform.hold();
      const waiter: Waiter = { until: this.#taken, done: () => finish() };
      const takeBack = longest === undefined ? undefined : this.#platform.after(longest, () => finish());
      const finish = (): void => {
        takeBack?.();
        release();
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        done();
      };
      this.#waiters.push(waiter);
    });
  }

  /** Sends what waits within the time that the end of a program may take; drops what is left. */
  async finish(): Promise<void> {
    if (this.isDone) {
      return;
    }
    await this.flush(this.#config.shutdownTimeout);
    if (!this.isDone) {
      const { items } = this.#kind;
      warnOnce(`late ${items}`, `the server was not reached in time; ${this.#taken - this.#settled} ${items} are dropped`);
      const units = this.queue.size;
      this.settle('dropped', this.queue.clear(), units);
      this.#sender.stop();
      this.#sender = this.#makeSender(this.#sender.heldUntil);
      await this.#untilSettled(LONGEST_LEAVE_MS);
    }
    this.#timer?.takeBack();
    this.#timer = undefined;
  }

  /** Another takes its place: what has ended leaves now; what ends later of its traces, when it would have. */
  retire(): void {
    if (!this.isDone) {
      this.sendAside();
    }
  }

  /** The process ends now, and nothing can be waited for: what waits is lost. Answers how much that is. */
  abandon(): number {
    const lost = this.#taken - this.#settled;
    const items = this.waiting;
    this.queue.clear();
    this.#inFlight = 0;
    this.settle('dropped', items, lost);
    return lost;
  }
}
