// One step of a trace while it runs. What it is told is copied at once; at its end it becomes JSON text and goes to the
// client, after which it hears nothing more.
import { makeSpanId } from './ids.js';
import { CONTENT_LIMIT, cutText, DETAIL_LIMIT, toJson, toJsonObject, type Json } from './json.js';
import { guard } from './log.js';
import type { Reading } from './providers/reading.js';
import { formatTime } from './time.js';
import { Told } from './told.js';
import type { TraceRecord } from './trace.js';
import type { ContentKind, Level, Span, SpanOptions, Usage } from './types.js';

export interface SpanStart {
  name: string;
  type: 'generation' | 'span' | 'event';
  parentId: string | undefined;
  /** The span around it, be it of another trace. */
  above?: SpanRecord | undefined;
  metadata?: unknown;
  capturesInput?: boolean;
  capturesOutput?: boolean;
}

const LEVELS: readonly unknown[] = ['DEBUG', 'DEFAULT', 'WARNING', 'ERROR'];
const MASKED = '[masked]';
const USAGE_FIELDS = [
  ['promptTokens', 'prompt_tokens'],
  ['completionTokens', 'completion_tokens'],
  ['totalTokens', 'total_tokens'],
  ['cachedTokens', 'cached_tokens'],
  ['reasoningTokens', 'reasoning_tokens'],
  ['cacheWriteTokens', 'cache_write_tokens'],
] as const;

/** The message of whatever was thrown. */
export function readMessage(error: unknown): string {
  return guard('unknown error', () => {
    const message = typeof error === 'object' && error !== null ? (error as { message?: unknown }).message : error;
    const text = typeof message === 'string' ? message : String(message ?? error);
    return cutText(text || String(error), DETAIL_LIMIT);
  });
}

export class SpanRecord implements Span {
  readonly id = makeSpanId();
  readonly ordinal: number;
  readonly isGeneration: boolean;
  readonly wantsOutput: boolean;
  readonly #trace: TraceRecord;
  readonly #start: SpanStart;
  readonly #startedAt: number;
  #hasEnded = false;
  #input: Json | undefined;
  #output: Json | undefined;
  #metadata: { [key: string]: Json } | undefined;
  #level: Level = 'DEFAULT';
  #message: string | undefined;
  #model: string | undefined;
  #parameters: Json | undefined;
  #usage: Usage = {};
  #cost: number | undefined;
  #read: Reading = {};
  /** What calls below it have told, in whatever trace. */
  #told: Told | undefined;

  constructor(trace: TraceRecord, start: SpanStart) {
    this.#trace = trace;
    this.#start = start;
    this.ordinal = trace.nextOrdinal();
    this.isGeneration = start.type === 'generation';
    this.wantsOutput = trace.client.config.captureContent && start.capturesOutput !== false;
    this.#startedAt = trace.now();
    this.#metadata = this.#isDeaf ? undefined : toJsonObject(start.metadata);
  }

  get trace(): TraceRecord {
    return this.#trace;
  }

  toJSON(): Json {
    return { id: this.id };
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Nothing that it is told now will be sent. */
  get #isDeaf(): boolean {
    return this.#hasEnded || !this.trace.client.isRecording;
  }

  #tell(change: () => void): this {
    if (!this.#isDeaf) {
      guard(undefined, change);
    }
    return this;
  }

  #content(content: unknown, kind: ContentKind): Json | undefined {
    const mask = this.trace.client.config.mask;
    const copy = toJson(content, CONTENT_LIMIT);
    if (copy === undefined || copy === null || !mask) {
      return copy ?? undefined;
    }
    try {
      const masked = mask(copy, kind);
      const isLate = typeof (masked as { then?: unknown } | null | undefined)?.then === 'function';
      return isLate ? MASKED : (toJson(masked, CONTENT_LIMIT) ?? undefined);
    } catch {
      return MASKED;
    }
  }

  setInput(input: unknown): this {
    const isWanted = this.trace.client.config.captureContent && this.#start.capturesInput !== false;
    return isWanted ? this.#tell(() => (this.#input = this.#content(input, 'input'))) : this;
  }

  setOutput(output: unknown): this {
    return this.wantsOutput ? this.#tell(() => (this.#output = this.#content(output, 'output'))) : this;
  }

  setModel(model: string, parameters?: Record<string, unknown>): this {
    return this.#tell(() => {
      this.#model = typeof model === 'string' && model !== '' ? cutText(model, 1024) : this.#model;
      this.#parameters = toJsonObject(parameters) ?? this.#parameters;
    });
  }

  setUsage(usage: Usage): this {
    return this.#tell(() => {
      this.#usage = { ...this.#usage, ...usage };
    });
  }

  setCost(dollars: number): this {
    return this.#tell(() => {
      this.#cost = typeof dollars === 'number' && Number.isFinite(dollars) ? dollars : this.#cost;
    });
  }

  setMetadata(metadata: Record<string, unknown>): this {
    return this.#tell(() => {
      this.#metadata = { ...this.#metadata, ...toJsonObject(metadata) };
    });
  }

  setLevel(level: Level, message?: string): this {
    return this.#tell(() => {
      this.#level = LEVELS.includes(level) ? level : this.#level;
      this.#message = message === undefined ? this.#message : readMessage(message);
    });
  }

  setError(error: unknown): this {
    return this.setLevel('ERROR', readMessage(error));
  }

  /** What a provider's answer says; what the app sets by itself wins. */
  setReading(reading: Reading): void {
    this.#tell(() => {
      const isTold = this.#told?.has(reading) === true;
      this.#read = { ...this.#read, ...reading, usage: isTold ? undefined : (reading.usage ?? this.#read.usage) };
      if (this.#output === undefined && reading.output !== undefined) {
        this.setOutput(reading.output);
      }
    });
  }

  /** What the call answered; what the app set by itself wins. */
  setAnswer(answer: unknown): void {
    if (this.#output === undefined) {
      this.setOutput(answer);
    }
  }

  startSpan(options: SpanOptions | string): Span {
    return this.trace.startSpanBelow(this, options);
  }

  end(): void {
    if (this.#hasEnded) {
      return;
    }
    if (this.trace.client.isRecording) {
      guard(undefined, () => this.#tellAbove({ ...this.#read, usage: { ...this.#read.usage, ...this.#usage } }));
      guard(undefined, () => this.trace.client.take(this.trace, { text: this.#write(), ordinal: this.ordinal }));
    } else {
      guard(undefined, () => this.trace.client.miss());
    }
    this.#hasEnded = true;
  }

  /** So that a call around this one that answers the same does not tell its tokens again. */
  #tellAbove(reading: Reading): void {
    for (let above = this.#start.above; above; above = above.#start.above) {
      if (above.isGeneration) {
        above.#told ??= new Told();
        above.#told.add(reading);
      }
    }
  }

  #write(): string {
    return JSON.stringify({
      span_id: this.id,
      parent_span_id: this.#start.parentId,
      name: this.#start.name,
      type: this.#start.type,
      start_time: formatTime(this.#startedAt),
      end_time: formatTime(this.#start.type === 'event' ? this.#startedAt : this.trace.now()),
      level: this.#level === 'DEFAULT' ? undefined : this.#level,
      status_message: this.#message,
      model: this.#model ?? this.#read.model,
      model_parameters: this.#parameters,
      input: this.#input,
      output: this.#output,
      usage: this.#writeUsage(),
      total_cost: this.#cost,
      response_id: this.#read.responseId,
      metadata: this.#metadata && Object.keys(this.#metadata).length > 0 ? this.#metadata : undefined,
    });
  }

  #writeUsage(): Record<string, number> | undefined {
    const all = { ...this.#read.usage, ...this.#usage };
    const wire: Record<string, number> = {};
    for (const [ours, theirs] of USAGE_FIELDS) {
      const tokens = all[ours];
      if (typeof tokens === 'number' && Number.isFinite(tokens)) {
        wire[theirs] = tokens;
      }
    }
    return Object.keys(wire).length > 0 ? wire : undefined;
  }
}
