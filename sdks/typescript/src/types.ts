// The types that an app sees: options, users, handles.

/** An end user of the app. All keys besides these three are attributes, such as `plan`. */
export interface UserInfo {
  /** The id that the app uses for them. */
  id: string;
  /** Display name. */
  name?: string;
  /** E-mail address. */
  email?: string;
  [key: string]: unknown;
}

/** How serious a span is. */
export type Level = 'DEBUG' | 'DEFAULT' | 'WARNING' | 'ERROR';

/** What a span is: a call of a model, or any other step. */
export type SpanType = 'generation' | 'span';

/** Whose a call is and in which session. */
export interface WhoseOptions {
  /** The session (conversation) that it belongs to. */
  sessionId?: string;
  /** The user, just the id. */
  userId?: string;
  /** The user with a profile. */
  user?: UserInfo;
}

/** Options of `trace` and `startTrace`. */
export interface TraceOptions extends WhoseOptions {
  name: string;
  /** An id of your own; by default one is made. */
  id?: string;
  metadata?: Record<string, unknown>;
  /** What goes in; only `trace` has a span to keep it in. */
  input?: unknown;
}

/** Options of `observe`. */
export interface ObserveOptions extends WhoseOptions {
  /** By default the name of the function. */
  name?: string;
  type?: SpanType;
  metadata?: Record<string, unknown>;
  /** What goes into the call. */
  input?: unknown;
  /** `false` leaves the input out. */
  captureInput?: boolean;
  /** `false` leaves the output out. */
  captureOutput?: boolean;
}

/** Options of `track`. */
export interface TrackOptions extends WhoseOptions {
  /** An id of your own: what is told twice under one id counts once. By default one is made. */
  eventId?: string;
  /** When it happened; by default now. */
  timestamp?: Date;
}

/** Options of `startSpan`. */
export interface SpanOptions {
  name: string;
  type?: SpanType;
  input?: unknown;
  metadata?: Record<string, unknown>;
  /** The span around it; by default the one that the code runs in, if that is of the same trace. */
  parent?: Span;
}

/** Tokens. `promptTokens` includes cached and cache-write tokens, `completionTokens` reasoning tokens. */
export interface Usage {
  promptTokens?: number;
  completionTokens?: number;
  totalTokens?: number;
  cachedTokens?: number;
  reasoningTokens?: number;
  cacheWriteTokens?: number;
}

/** One step of a trace. What is set after its end is not sent. */
export interface Span {
  readonly id: string;
  setInput(input: unknown): this;
  setOutput(output: unknown): this;
  setModel(model: string, parameters?: Record<string, unknown>): this;
  setUsage(usage: Usage): this;
  /** What it cost, in dollars; wins over the price book. */
  setCost(dollars: number): this;
  /** Adds to the metadata, key by key. */
  setMetadata(metadata: Record<string, unknown>): this;
  setLevel(level: Level, message?: string): this;
  /** Level `ERROR` with the message of what went wrong. */
  setError(error: unknown): this;
  /** Starts a span below this one. */
  startSpan(options: SpanOptions | string): Span;
  end(): void;
}

/** One request of the app. */
export interface Trace {
  readonly id: string;
  startSpan(options: SpanOptions | string): Span;
  /**
   * Lets the trace leave with what has ended; spans that end later follow it. The promise is kept, and never broken: in
   * immediate mode once the trace was sent or given up, `shutdownTimeout` at the latest; else at once.
   */
  end(): Promise<void>;
}

/** What `mask` is called for; `properties` are those of an event. */
export type ContentKind = 'input' | 'output' | 'properties';

/** Options of `init`. What is left out comes from the environment, then from the defaults. */
export interface CognObserveConfig {
  /** `COGNOBSERVE_API_KEY`. Without one nothing is sent. */
  apiKey?: string;
  /** `COGNOBSERVE_ENDPOINT`; default `http://127.0.0.1:4100`. */
  endpoint?: string;
  /** `COGNOBSERVE_DISABLED`; calls run, nothing is recorded. */
  disabled?: boolean;
  /** `COGNOBSERVE_DEBUG`; says on stderr what is sent and refused, never content or keys. */
  debug?: boolean;
  /** `COGNOBSERVE_CAPTURE_CONTENT`; whether input and output are sent; default `true`. */
  captureContent?: boolean;
  /** Its answer is sent in place of each input, output and properties. If it throws: `"[masked]"`, and no properties. */
  mask?: (content: unknown, kind: ContentKind) => unknown;
  /** `immediate`: a trace is sent when it ends; what a call promises, and `trace.end()`, wait for it. */
  mode?: 'batch' | 'immediate';
  /** Spans that may wait, and as many events; over it the oldest go. Default 2048. */
  maxQueueSize?: number;
  /** Spans, or events, that make a request leave at once; half of `maxQueueSize`, if that is less. Default 512. */
  maxBatchSize?: number;
  /** Milliseconds that something waits at the longest. Default 5000. */
  flushInterval?: number;
  /** Milliseconds for one try. Default 10,000. */
  requestTimeout?: number;
  /** Tries after the first. Default 5. */
  maxRetries?: number;
  /** Milliseconds that the end of the program is held up at the longest. Default 5000. */
  shutdownTimeout?: number;
}

/** Spans, or events, by what became of them. */
export interface Stats {
  /** Taken by the server. */
  sent: number;
  /** Lost: the queue was full, or the server was not reached in time or said no to all of a request. */
  dropped: number;
  /** Of traces, or events, that the server named as not taken. */
  refused: number;
  /** Ended or tracked, and neither of these yet. */
  waiting: number;
}
