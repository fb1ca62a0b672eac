// What an app calls. None of these throws for a fault of ours, and none waits for the network save `flush`, `shutdown`
// and, in immediate mode, the calls themselves.
import { Client, closeAll, flushAll } from './client.js';
import { readConfig } from './config.js';
import { readId, readUser, toUserInfo } from './identity.js';
import { guard } from './log.js';
import { observeCall, theClient } from './observe.js';
import { readPlatform } from './platform.js';
import { currentScope, isOfAnother, linkTo, runInScope, type Scope } from './scope.js';
import { SpanRecord } from './span.js';
import { readTally, state } from './state.js';
import { readName, TraceRecord } from './trace.js';
import { track } from './track.js';
import type { CognObserveConfig, Level, ObserveOptions, Span, Stats, Trace, TraceOptions, UserInfo } from './types.js';

type Named<Options> = string | Options;

function readOptions<Options extends object>(given: Named<Options>): Partial<Options> & { name?: string } {
  return typeof given === 'string' ? ({ name: given } as unknown as Partial<Options>) : { ...given };
}

/** Sets the SDK up. A second call replaces the first, whose traces are still sent as they were begun. */
function init(options: CognObserveConfig = {}): void {
  guard(undefined, () => {
    const before = state.client;
    state.warned.clear();
    state.client = new Client(readConfig(options), readPlatform());
    before?.retire();
  });
}

/**
 * Runs `work` as an observed call and answers what it answers. Without a trace around it, it is a trace of its own.
 * Generators, async iterables and streams that it answers are followed to their end.
 */
function observe<T>(options: Named<ObserveOptions>, work: (span: Span) => T): T {
  const start = () => {
    const given = readOptions<ObserveOptions>(options);
    return { ...given, name: readName(given.name, work.name) };
  };
  return observeCall(start, (call) => work(call.span));
}

/** Runs `work` as the first call of a trace of its own. */
function trace<T>(options: Named<TraceOptions>, work: (trace: Trace) => T): T {
  const start = () => {
    const { id, ...given } = readOptions<TraceOptions>(options);
    return { ...given, name: readName(given.name, work.name), traceId: id, startsTrace: true };
  };
  return observeCall(start, (call) => work(call.span.trace));
}

function makeTrace(options: Partial<TraceOptions> & { name?: string }): TraceRecord {
  const scope = currentScope();
  const named = readUser(options.user, options.userId, scope.user) ?? scope.user;
  return new TraceRecord(theClient(), {
    name: options.name ?? '',
    id: options.id,
    user: named === undefined ? state.globalUser : (named ?? undefined),
    session: readId(options.sessionId) ?? scope.session,
    metadata: options.metadata,
  });
}

/** Starts a trace whose spans and end are told by hand. */
function startTrace(options: Named<TraceOptions>): Trace {
  const bare = () => new TraceRecord(theClient(), { name: 'trace', user: undefined, session: undefined });
  return guard<TraceRecord | undefined>(undefined, () => makeTrace(readOptions(options))) ?? bare();
}

/** Sets the user of all calls without another one: for programs with one user. Servers use `withUser`. */
function setUser(user: UserInfo | string | null | undefined): void {
  state.globalUser = guard(undefined, () => readUser(user, undefined, undefined));
}

/** The user of the running code. */
function getUser(): UserInfo | undefined {
  const { user } = currentScope();
  const found = user === undefined ? state.globalUser : user;
  return found ? toUserInfo(found) : undefined;
}

/** Runs `work`, and all that it starts, for a user; with `null` for nobody. */
function withUser<T>(user: UserInfo | string | null | undefined, work: () => T): T {
  return runWith((outer) => ({ user: readUser(user, undefined, outer.user) ?? null }), work);
}

/** Runs `work`, and all that it starts, in a session; with an empty id in none. */
function withSession<T>(id: string | null | undefined, work: () => T): T {
  return runWith(() => ({ session: readId(id) }), work);
}

function runWith<T>(change: (outer: Scope) => Scope, work: () => T): T {
  const outer = currentScope();
  return runInScope({ ...outer, ...guard({}, () => change(outer)) }, work);
}

/** Adds an event to the trace around it; without one, or within another person's, makes a trace of it. */
function log(message: string, data?: unknown, level: Level = 'DEFAULT'): void {
  guard(undefined, () => {
    const scope = currentScope();
    const around = isOfAnother(scope) ? undefined : scope.trace;
    const name = readName(message, 'log');
    const owner = around ?? makeTrace(isOfAnother(scope) ? { name, metadata: linkTo(scope) } : { name });
    const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
    const metadata = isObject || data === undefined ? data : { data };
    const event = new SpanRecord(owner, { name, type: 'event', parentId: around && scope.span?.id, metadata });
    event.setLevel(level).end();
    if (!around) {
      void owner.end();
    }
  });
}

/** Sends what has ended, and waits until it is sent or given up; with a time, not longer than so many milliseconds. */
async function flush(longest?: number): Promise<void> {
  await guard(undefined, () => flushAll(longest));
}

/** Sends what waits, for `shutdownTimeout` at the most; nothing is recorded after it until the next `init`. */
async function shutdown(): Promise<void> {
  await guard(undefined, closeAll);
}

/** What became of the spans so far. */
function stats(): Stats {
  return readTally(state);
}

/** What became of the events so far. */
function eventStats(): Stats {
  return readTally(state.events);
}

function getActiveTrace(): Trace | undefined {
  return currentScope().trace;
}

function getActiveSpan(): Span | undefined {
  return currentScope().span;
}

export const CognObserve = {
  init,
  observe,
  trace,
  startTrace,
  setUser,
  getUser,
  withUser,
  withSession,
  track,
  log,
  flush,
  shutdown,
  stats,
  eventStats,
  getActiveTrace,
  getActiveSpan,
};
