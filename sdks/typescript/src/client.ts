// What `init` makes: the settings, and a lane for spans and one for events. Nothing here throws into the app.
import type { Config } from './config.js';
import { EventQueue } from './event-queue.js';
import { EVENTS, TRACES } from './kinds.js';
import { Lane } from './lane.js';
import { warnOnce } from './log.js';
import type { Platform } from './platform.js';
import { Queue, type EndedSpan, type Piece } from './queue.js';
import { state, type Busy } from './state.js';
import type { TraceRecord } from './trace.js';

export class Client {
  readonly config: Config;
  readonly platform: Platform;
  readonly #traces: Lane<Piece, Queue>;
  readonly #events: Lane<string, EventQueue>;
  /** Its place among all clients of the process. */
  readonly #ordinal: number;

  constructor(config: Config, platform: Platform) {
    this.config = config;
    this.platform = platform;
    this.#ordinal = state.clients += 1;
    this.#traces = new Lane(config, platform, TRACES, new Queue());
    this.#events = new Lane(config, platform, EVENTS, new EventQueue());
  }

  get #isClosed(): boolean {
    return this.#ordinal <= state.closed;
  }

  get isRecording(): boolean {
    return this.config.isOn && !this.#isClosed;
  }

  /** A span has ended that was not recorded. */
  miss(): void {
    if (this.config.isOn) {
      warnOnce('closed', 'calls end after shutdown(); they are dropped');
      state.counts.dropped += 1;
    }
  }

  /** An event that is not sent. */
  missEvent(key: string, reason: string): void {
    if (this.config.isOn) {
      warnOnce(key, reason);
      state.events.counts.dropped += 1;
    }
  }

  /** A span has ended. */
  take(trace: TraceRecord, span: EndedSpan): void {
    const lane = this.#traces;
    const before = lane.queue.size;
    lane.queue.add(trace, span);
    lane.expect(lane.queue.size - before);
    const dropped = lane.queue.trim(this.config.maxQueueSize);
    if (dropped > 0) {
      warnOnce('queue', 'more spans wait than maxQueueSize; the oldest are dropped');
      lane.settle('dropped', dropped);
    }
    if (lane.isDue) {
      lane.sendAside();
    } else if (this.config.isImmediate && lane.queue.hasEnded(trace)) {
      lane.drainAside();
    } else {
      lane.setTimer();
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
    const lane = this.#traces;
    const before = lane.queue.size;
    if (!lane.queue.end(trace, this.config.maxQueueSize)) {
      warnOnce('empty', 'more traces without spans wait than maxQueueSize; the newest are dropped');
    }
    const grown = lane.queue.size - before;
    lane.expect(grown);
    if (!this.config.isImmediate || lane.isDone) {
      if (grown > 0) {
        lane.setTimer();
      }
      return undefined;
    }
    return lane.drain(this.config.shutdownTimeout);
  }

  /** An event, as its JSON text. Nobody waits for it, in immediate mode either: there it leaves as soon as it can. */
  takeEvent(text: string): void {
    if (!this.isRecording) {
      this.missEvent('closed-events', 'events are tracked after shutdown(); they are dropped');
      return;
    }
    const lane = this.#events;
    lane.queue.add(text);
    lane.expect(1);
    const dropped = lane.queue.trim(this.config.maxQueueSize);
    if (dropped > 0) {
      warnOnce('event-queue', 'more events wait than maxQueueSize, or 16 million characters; the oldest are dropped');
      lane.settle('dropped', dropped);
    }
    if (lane.isDue || this.config.isImmediate) {
      lane.sendAside();
    } else {
      lane.setTimer();
    }
  }

  /** Another takes its place: what has ended leaves now; what ends later of its traces, when it would have. */
  retire(): void {
    this.#traces.retire();
    this.#events.retire();
  }
}

const listBusy = (): Busy[] => [...state.busy, ...state.events.busy];

/** All of them, each on its own; none of ours ever fails. */
async function each(work: (lane: Busy) => Promise<void>): Promise<void> {
  await Promise.all(listBusy().map(work));
}

export const flushAll = (longest?: number): Promise<void> => each((lane) => lane.flush(longest));

/** For the end of the program, as far as it can be heard. */
export const finishAll = (): Promise<void> => each((lane) => lane.finish());

export async function closeAll(): Promise<void> {
  state.closed = state.clients;
  await finishAll();
}

/** Answers how much is lost. */
export function abandonAll(): { spans: number; events: number } {
  state.closed = state.clients;
  const abandon = (busy: Set<Busy>): number => [...busy].reduce((sum, lane) => sum + lane.abandon(), 0);
  return { spans: abandon(state.busy), events: abandon(state.events.busy) };
}
