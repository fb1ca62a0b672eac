// What procedures take and answer; `T` is what a time is: a text in plain JSON, a Date with superjson.

/** Any JSON object. */
export type Metadata = Record<string, unknown>;

/** What is counted, of a stretch of time or of all. Costs are dollars; `totalCostUsd` is exact. */
export interface Measures {
  traceCount: number;
  spanCount: number;
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
  reasoningTokens: number;
  totalTokens: number;
  totalCost: number;
  totalCostUsd: string;
  unpricedSpanCount: number;
  errorCount: number;
  /** Percent of spans. */
  errorRate: number;
  errorTraceCount: number;
  /** Percent of traces. */
  errorTraceRate: number;
  avgLatencyMs: number | null;
  avgTraceLatencyMs: number | null;
  p50TraceLatencyMs: number | null;
  p95TraceLatencyMs: number | null;
  p99TraceLatencyMs: number | null;
}

export interface UserWithStats<T> extends Measures {
  id: string;
  projectId: string;
  /** The id that your app gave. */
  externalId: string;
  name: string | null;
  email: string | null;
  metadata: Metadata;
  firstSeenAt: T;
  lastSeenAt: T;
  createdAt: T;
  updatedAt: T;
  sessionCount: number;
}

export interface UserDetail<T> extends UserWithStats<T> {
  /** The ten latest. */
  sessions: Session<T>[];
}

export interface Session<T> extends Measures {
  id: string;
  projectId: string;
  externalId: string;
  name: string | null;
  metadata: Metadata;
  userId: string | null;
  externalUserId: string | null;
  firstSeenAt: T;
  lastSeenAt: T;
  createdAt: T;
}

export type Level = 'DEBUG' | 'DEFAULT' | 'WARNING' | 'ERROR';

export interface TraceHead<T> {
  id: string;
  name: string;
  timestamp: T;
  userId: string | null;
  externalUserId: string | null;
  sessionId: string | null;
  session: { id: string; externalId: string; name: string | null } | null;
  metadata: Metadata;
  latencyMs: number | null;
  spanCount: number;
  errorCount: number;
  totalTokens: number;
  totalCost: number;
  totalCostUsd: string;
  unpricedSpanCount: number;
}

export interface Span {
  id: string;
  name: string;
  level: Level;
  totalTokens: number;
  /** null: without a price. */
  totalCost: number | null;
}

export interface Trace<T> extends TraceHead<T> {
  /** The first 100. */
  spans: Span[];
}

export interface SpanDetail<T> extends Span {
  parentSpanId: string | null;
  type: 'generation' | 'span' | 'event';
  statusMessage: string | null;
  startTime: T | null;
  endTime: T | null;
  latencyMs: number | null;
  model: string | null;
  modelParameters: Metadata | null;
  responseId: string | null;
  promptTokens: number | null;
  completionTokens: number | null;
  cachedTokens: number | null;
  cacheWriteTokens: number | null;
  reasoningTokens: number | null;
  totalCostUsd: string | null;
  costSource: string | null;
  /** Whether its tokens and cost are in the sums. */
  counted: boolean;
  input: unknown;
  output: unknown;
  metadata: unknown;
}

export interface TraceDetail<T> extends TraceHead<T> {
  arrivedAt: T;
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
  reasoningTokens: number;
  spans: SpanDetail<T>[];
}

export interface Day extends Measures {
  /** `YYYY-MM-DD`. */
  date: string;
  sessionCount: number;
}

export interface Summary {
  totalUsers: number;
  activeUsers: number;
  newUsers: number;
  topUsersByCost: { userId: string; externalId: string; name: string | null; totalCost: number; totalCostUsd: string }[];
}

export interface Page<Item> {
  items: Item[];
  /** null: nothing follows. */
  nextCursor: string | null;
}

/** Every procedure takes it; a log-in's cookie and a session token need it, a key has its own. */
export interface OfProject {
  projectId?: string;
}

/** A time as text of RFC 3339 or as a Date. */
export type TimeIn = string | Date;

export interface PageIn {
  /** 1 to 100; 50 without. */
  limit?: number;
  cursor?: string | null;
}

export interface UserListIn extends OfProject, PageIn {
  /** Part of name, e-mail or external id. */
  search?: string;
  /** Last seen, both included. */
  from?: TimeIn;
  to?: TimeIn;
  sortBy?:
    | 'lastSeenAt'
    | 'firstSeenAt'
    | 'traceCount'
    | 'totalCost'
    | 'totalTokens'
    | 'errorCount'
    | 'errorTraceRate'
    | 'avgLatencyMs'
    | 'sessionCount'
    | 'name';
  sortOrder?: 'asc' | 'desc';
  /** Of the sums, `to` excluded. */
  statsFrom?: TimeIn;
  statsTo?: TimeIn;
  /** Users with exactly these values. */
  metadata?: Record<string, string | number | boolean>;
}

export interface TraceListIn extends OfProject, PageIn {
  userId: string;
  level?: Level;
  search?: string;
  from?: TimeIn;
  to?: TimeIn;
}

export interface SessionListIn extends OfProject, PageIn {
  userId?: string;
  search?: string;
  from?: TimeIn;
  to?: TimeIn;
}
