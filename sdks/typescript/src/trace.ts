// One request of the app: whose it is, and the spans of it that have ended but not left yet.
import type { Client } from './client.js';
import type { User } from './identity.js';
import { readId } from './identity.js';
import { makeTraceId } from './ids.js';
import { cutText, toJsonObject, type Json } from './json.js';
import { guard } from './log.js';
import { currentScope } from './scope.js';
import { SpanRecord, type SpanStart } from './span.js';
import { formatTime } from './time.js';
import type { Span, SpanOptions, Trace } from './types.js';

export interface TraceStart {
  name: string;
  id?: unknown;
  user: User | undefined;
  session: string | undefined;
  metadata?: unknown;
}

const NAME_LIMIT = 1024;

/** A name that can be sent, whatever was given. */
export function readName(name: unknown, fallback: string): string {
  return typeof name === 'string' && name !== '' ? cutText(name, NAME_LIMIT) : fallback;
}

export class TraceRecord implements Trace {
  readonly id: string;
  readonly name: string;
  readonly user: User | undefined;
  readonly session: string | undefined;
  /** Private, as it knows the key: a trace may be printed or answered. */
  readonly #client: Client;
  readonly #metadata: Json | undefined;
  readonly #startedAt: number;
  readonly #startedTick: number;
  #spans = 0;
  #envelope: string | undefined;

  constructor(client: Client, start: TraceStart) {
    this.#client = client;
    this.id = readId(start.id) ?? makeTraceId();
    this.name = readName(start.name, 'trace');
    this.user = start.user;
    this.session = start.session;
    this.#metadata = toJsonObject(start.metadata);
    this.#startedAt = client.platform.now();
    this.#startedTick = client.platform.tick();
  }

  get client(): Client {
    return this.#client;
  }

  toJSON(): Json {
    return { id: this.id };
  }

  /** The time now, of a clock that cannot go back within the trace. */
  now(): number {
    return this.#startedAt + Math.max(0, this.client.platform.tick() - this.#startedTick);
  }

  /** A number that grows from span to span in the order in which they begin. */
  nextOrdinal(): number {
    return this.#spans++;
  }

  /** All but the spans, as the beginning of its JSON text; what follows is spans and `]}`. */
  envelope(): string {
    this.#envelope ??= `${JSON.stringify({
      trace_id: this.id,
      name: this.name,
      timestamp: formatTime(this.#startedAt),
      session_id: this.session,
      user_id: this.user?.id,
      user: this.user?.profile && { id: this.user.id, ...this.user.profile },
      metadata: this.#metadata,
    }).slice(0, -1)},"spans":[`;
    return this.#envelope;
  }

  begin(start: SpanStart): SpanRecord {
    return new SpanRecord(this, start);
  }

  startSpan(options: SpanOptions | string): Span {
    return this.startSpanBelow(undefined, options);
  }

  startSpanBelow(above: SpanRecord | undefined, options: SpanOptions | string): SpanRecord {
    const given: Partial<SpanOptions> = typeof options === 'object' && options !== null ? options : {};
    const around = currentScope().span;
    const fallback = above ?? (around?.trace === this ? around : undefined);
    const span = this.begin({
      name: readName(typeof options === 'string' ? options : given.name, 'span'),
      type: given.type === 'generation' ? 'generation' : 'span',
      parentId: given.parent instanceof SpanRecord ? given.parent.id : fallback?.id,
      above: given.parent instanceof SpanRecord ? given.parent : (above ?? around),
      metadata: given.metadata,
    });
    return given.input === undefined ? span : span.setInput(given.input);
  }

  end(): Promise<void> {
    return guard(undefined, () => this.client.leave(this)) ?? Promise.resolve();
  }
}
