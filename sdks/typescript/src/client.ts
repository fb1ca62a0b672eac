// What `init` makes: the settings, the queue, and when it is emptied. Nothing here throws into the app, and only
// `flush` waits.
import type { Config } from './config.js';
import { warnOnce } from './log.js';
import type { Platform } from './platform.js';
import { countSpans, countUnits, Queue, type EndedSpan, type Piece } from './queue.js';
import { Sender, type Fate } from './sender.js';
import { state } from './state.js';
import type { TraceRecord } from './trace.js';

interface Waiter {
  /** How much must be settled. */
  until: number;
  done: () => void;
}

/** How long it may take to hear that what was under way has been given up. */
const LONGEST_LEAVE_MS = 1000;

export class Client {
  readonly config: Config;
  readonly platform: Platform;
  readonly #queue = new Queue();
  /** Its place among all clients of the process. */
  readonly #ordinal: number;
  #sender: Sender;
  /** All that was told, and what of it has been dealt with: spans, and traces without any. */
  #taken = 0;
  #settled = 0;
  #inFlight = 0;
  #timer: { due: number; takeBack: () => void } | undefined;
  /** How many send what is ready; more than one only where work is not shared. */
  #senders = 0;
  /** What is being sent without anybody who waits for it. */
  readonly #aside = new Set<Promise<void>>();
  #waiters: Waiter[] = [];

  constructor(config: Config, platform: Platform) {
    this.config = config;
    this.platform = platform;
    this.#ordinal = state.clients += 1;
    this.#sender = this.#makeSender();
  }

  #makeSender(heldUntil?: number): Sender {
    const settle = (fate: Fate, pieces: Piece[]): void => {
      const spans = countSpans(pieces);
      this.#inFlight -= spans;
      this.#settle(fate, spans, countUnits(pieces));
    };
    return new Sender(this.config, this.platform, settle, heldUntil);
  }

  /** Spans that make a request leave at once: few enough that a small queue has room while it does. */
  get #enough(): number {
    const { maxBatchSize, maxQueueSize } = this.config;
    return Math.min(maxBatchSize, Math.max(1, Math.floor(maxQueueSize / 2)));
  }

  get #isDone(): boolean {
    return this.#taken === this.#settled;
  }

  get #isClosed(): boolean {
    return this.#ordinal <= state.closed;
  }

  get isRecording(): boolean {
    return this.config.isOn && !this.#isClosed;
  }

  /** Spans that are not dealt with. */
  get waiting(): number {
    return this.#queue.count + this.#inFlight;
  }

  /** A span has ended that was not recorded. */
  miss(): void {
    if (this.config.isOn) {
      warnOnce('closed', 'calls end after shutdown(); they are dropped');
      state.counts.dropped += 1;
    }
  }

  #expect(units: number): void {
    this.#taken += units;
    if (!this.#isDone) {
      state.busy.add(this);
    }
  }

  /** A span has ended. */
  take(trace: TraceRecord, span: EndedSpan): void {
    const before = this.#queue.size;
    this.#queue.add(trace, span);
    this.#expect(this.#queue.size - before);
    const dropped = this.#queue.trim(this.config.maxQueueSize);
    if (dropped > 0) {
      warnOnce('queue', 'more spans wait than maxQueueSize; the oldest are dropped');
      this.#settle('dropped', dropped);
    }
    if (this.#queue.count >= this.#enough) {
      this.#drainAside(() => this.#sendAll());
    } else if (this.config.isImmediate && this.#queue.hasEnded(trace)) {
      this.#drainAside(() => this.#drain());
    } else {
      this.#setTimer();
    }
  }

  /**
   * A trace has ended. In immediate mode answers a promise that is kept when the trace is sent or given up, and not later
   * than the end of a program would be; it never fails.
   */
  leave(trace: TraceRecord): Promise<void> | undefined {
    if (!this.isRecording) {
      return undefined;
    }
    const before = this.#queue.size;
    if (!this.#queue.end(trace, this.config.maxQueueSize)) {
      warnOnce('empty', 'more traces without spans wait than maxQueueSize; the newest are dropped');
    }
    const grown = this.#queue.size - before;
    this.#expect(grown);
    if (!this.config.isImmediate || this.#isDone) {
      if (grown > 0) {
        this.#setTimer();
      }
      return undefined;
    }
    const own = this.#drain();
    const longest = this.config.shutdownTimeout;
    return this.platform.sharesWork ? this.#untilSettled(longest) : this.#within(own, longest);
  }

  #setTimer(): void {
    const now = this.platform.now();
    // A timer whose request has ended may never ring.
    if (this.#timer && now < this.#timer.due + this.config.flushInterval) {
      return;
    }
    this.#timer?.takeBack();
    const takeBack = this.platform.after(this.config.flushInterval, () => this.#drainAside(() => this.#sendAll()));
    this.#timer = { due: now + this.config.flushInterval, takeBack };
  }

  #sendAll(): Promise<void> {
    this.#timer?.takeBack();
    this.#timer = undefined;
    this.#queue.release();
    return this.#drain();
  }

  /** Answers when what it has begun to send is settled; where work is shared, at once if somebody is at it already. */
  #drain(): Promise<void> {
    if (this.platform.sharesWork && this.#senders > 0) {
      return Promise.resolve();
    }
    this.#senders += 1;
    return this.platform.apart(() => this.#sendReady());
  }

  /** Begins to send what nobody waits for yet. */
  #drainAside(begin: () => Promise<void>): void {
    const sending = begin().finally(() => this.#aside.delete(sending));
    this.#aside.add(sending);
  }

  async #sendReady(): Promise<void> {
    if (this.platform.sharesWork) {
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

  #next(): ReturnType<Queue['take']> {
    const batch = this.#queue.take(this.config.maxBatchSize);
    this.#inFlight += countSpans(batch);
    return batch;
  }

  #settle(fate: Fate, spans: number, units = spans): void {
    state.counts[fate] += spans;
    this.#settled += units;
    if (this.#isDone) {
      state.busy.delete(this);
    }
    const due = this.#waiters.filter((waiter) => waiter.until <= this.#settled);
    this.#waiters = this.#waiters.filter((waiter) => waiter.until > this.#settled);
    for (const waiter of due) {
      waiter.done();
    }
  }

  /** Until all that has ended by now is settled, or the time is over. */
  async flush(longest?: number): Promise<void> {
    const own = this.#sendAll();
    if (this.platform.sharesWork) {
      return this.#untilSettled(longest);
    }
    const aside = [...this.#aside];
    await this.#within(own, longest);
    await this.#within(Promise.all(aside), longest ?? this.config.requestTimeout);
    // What was begun by a request that has ended meanwhile never answers.
    aside.forEach((sending) => this.#aside.delete(sending));
  }

  #within(sent: Promise<unknown>, longest: number | undefined): Promise<void> {
    return new Promise((done) => {
      const takeBack = longest === undefined ? undefined : this.platform.after(longest, done);
      void sent.then(() => {
        takeBack?.();
        done();
      });
    });
  }

  #untilSettled(longest: number | undefined): Promise<void> {
    if (this.#isDone) {
      return Promise.resolve();
    }
    return new Promise((done) => {
      const release = this.platform.hold();
      const waiter: Waiter = { until: this.#taken, done: () => finish() };
      const takeBack = longest === undefined ? undefined : this.platform.after(longest, () => finish());
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
    if (this.#isDone) {
      return;
    }
    await this.flush(this.config.shutdownTimeout);
    if (!this.#isDone) {
      warnOnce('late', `the server was not reached in time; ${this.#taken - this.#settled} spans are dropped`);
      const units = this.#queue.size;
      this.#settle('dropped', this.#queue.clear(), units);
      this.#sender.stop();
      this.#sender = this.#makeSender(this.#sender.heldUntil);
      await this.#untilSettled(LONGEST_LEAVE_MS);
    }
    this.#timer?.takeBack();
    this.#timer = undefined;
  }

  /** Another takes its place: what has ended leaves now; what ends later of its traces, when it would have. */
  retire(): void {
    if (!this.#isDone) {
      this.#drainAside(() => this.#sendAll());
    }
  }

  /** The process ends now, and nothing can be waited for: what waits is lost. Answers how much that is. */
  abandon(): number {
    const lost = this.#taken - this.#settled;
    const spans = this.waiting;
    this.#queue.clear();
    this.#inFlight = 0;
    this.#settle('dropped', spans, lost);
    return lost;
  }
}

/** All of them, each on its own; none of ours ever fails. */
async function each(work: (client: Client) => Promise<void>): Promise<void> {
  await Promise.all([...state.busy].map(work));
}

export const flushAll = (longest?: number): Promise<void> => each((client) => client.flush(longest));

/** For the end of the program, as far as it can be heard. */
export const finishAll = (): Promise<void> => each((client) => client.finish());

export async function closeAll(): Promise<void> {
  state.closed = state.clients;
  await finishAll();
}

/** Answers how much is lost. */
export function abandonAll(): number {
  state.closed = state.clients;
  return [...state.busy].reduce((sum, client) => sum + client.abandon(), 0);
}
