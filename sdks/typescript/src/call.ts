// One observed call: which trace it belongs to, the scope that it runs in, and how it ends.
import type { Client } from './client.js';
import { readId, readUser, type User } from './identity.js';
import { guard } from './log.js';
import type { Pieces } from './pieces.js';
import { readAnswer } from './providers/index.js';
import type { Reading } from './providers/reading.js';
import { currentScope, isOfAnother, linkTo, type Scope } from './scope.js';
import type { SpanRecord } from './span.js';
import { state } from './state.js';
import { readName, TraceRecord } from './trace.js';
import type { ObserveOptions } from './types.js';

export interface CallStart extends ObserveOptions {
  name: string;
  /** The id of a trace that is started in any case. */
  traceId?: unknown;
  startsTrace?: boolean;
  model?: unknown;
  modelParameters?: Record<string, unknown> | undefined;
}

export class Call {
  readonly span: SpanRecord;
  readonly scope: Scope;
  readonly #isFirst: boolean;
  #hasEnded = false;
  #sending: Promise<void> | undefined;

  constructor(client: Client, start: CallStart) {
    const outer = currentScope();
    const own = readUser(start.user, start.userId, outer.user);
    const named = own ?? outer.user;
    const name = readName(start.name, start.type === 'generation' ? 'generation' : 'span');
    const isAnother = isOfAnother({ ...outer, user: named });
    const around = start.startsTrace || isAnother ? undefined : outer.trace;
    const session = readId(start.sessionId) ?? outer.session;
    const trace =
      around ??
      new TraceRecord(client, {
        name,
        id: start.traceId,
        user: named === undefined ? state.globalUser : (named ?? undefined),
        session,
        metadata: isAnother ? { ...start.metadata, ...linkTo(outer) } : start.metadata,
      });
    this.#isFirst = around === undefined;
    this.span = trace.begin({
      name,
      type: start.type === 'generation' ? 'generation' : 'span',
      parentId: around && outer.span?.trace === around ? outer.span.id : undefined,
      above: outer.span,
      metadata: around ? start.metadata : undefined,
      capturesInput: start.captureInput !== false,
      capturesOutput: start.captureOutput !== false,
    });
    this.scope = { user: this.#scopeUser(named, trace), session, trace, span: this.span };
    if (start.input !== undefined) {
      this.span.setInput(start.input);
    }
    if (typeof start.model === 'string') {
      this.span.setReading({ model: start.model });
    }
    if (start.modelParameters) {
      this.span.setModel('', start.modelParameters);
    }
  }

  /** Within a trace of nobody in particular, a call may still name somebody. */
  #scopeUser(named: User | null | undefined, trace: TraceRecord): User | null | undefined {
    return named === undefined ? trace.user : named;
  }

  #isReadable(): boolean {
    return this.span.isGeneration && this.span.trace.client.isRecording;
  }

  succeed(answer: unknown): void {
    guard(undefined, () => {
      const reading = this.#isReadable() ? readAnswer(answer) : undefined;
      this.#close(reading, answer);
    });
    this.#end();
  }

  /** All pieces of the answer that will be had have arrived. */
  finish(pieces: Pieces): void {
    guard(undefined, () => this.#close(pieces.read(), pieces.join()));
    this.#end();
  }

  #close(reading: Reading | undefined, answer: unknown): void {
    if (reading) {
      this.span.setReading(withoutUnknown(reading));
    } else {
      this.span.setAnswer(answer);
    }
  }

  fail(error: unknown, pieces?: Pieces): void {
    guard(undefined, () => {
      if (pieces) {
        this.#close(pieces.read(), pieces.join());
      }
      this.span.setError(error);
    });
    this.#end();
  }

  #end(): void {
    if (this.#hasEnded) {
      return;
    }
    this.#hasEnded = true;
    this.span.end();
    if (this.#isFirst) {
      const { trace } = this.span;
      this.#sending = guard(undefined, () => trace.client.leave(trace));
    }
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** In immediate mode the sending of a trace that has ended. */
  get sending(): Promise<void> | undefined {
    return this.#sending;
  }
}

function withoutUnknown(reading: Reading): Reading {
  return Object.fromEntries(Object.entries(reading).filter(([, value]) => value !== undefined));
}
