// The router, as `createTRPCClient<AppRouter>` wants it.
import type {
  TRPCBuiltRouter,
  TRPCDefaultErrorShape,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
} from '@trpc/server';
import type {
  Day,
  Metadata,
  OfProject,
  Page,
  PageIn,
  Session,
  SessionListIn,
  Summary,
  Trace,
  TraceDetail,
  TraceListIn,
  UserDetail,
  UserListIn,
  UserWithStats,
} from './shapes.js';

export type * from './shapes.js';

type Query<Input, Output> = TRPCQueryProcedure<{ input: Input; output: Output; meta: unknown }>;
type Mutation<Input, Output> = TRPCMutationProcedure<{ input: Input; output: Output; meta: unknown }>;

/** Beside what tRPC's errors always have: the stable word of the problem, and the fields that are wrong. */
export interface ErrorShape extends TRPCDefaultErrorShape {
  data: TRPCDefaultErrorShape['data'] & {
    problem?: { code: string; errors: { path: string; message: string }[] };
  };
}

type Id = OfProject & { id: string };

interface Users<T> {
  list: Query<UserListIn | void, Page<UserWithStats<T>>>;
  get: Query<Id, UserDetail<T>>;
  getByExternalId: Query<OfProject & { externalId: string }, UserDetail<T>>;
  traces: Query<TraceListIn, Page<Trace<T>>>;
  /** `days`: 1 to 90, 30 without; `tz`: an IANA zone. */
  analytics: Query<OfProject & { userId: string; days?: number; tz?: string }, Day[]>;
  summary: Query<(OfProject & { days?: number }) | void, Summary>;
  /** null clears a field or a key of the metadata. */
  update: Mutation<Id & { name?: string | null; email?: string | null; metadata?: Metadata }, UserWithStats<T>>;
  /** Unlinks the traces, or erases what they say; counts and costs stay. */
  delete: Mutation<Id & { mode?: 'unlink' | 'erase' }, { success: true; tracesUnlinked: number; sessionsUnlinked: number }>;
}

interface Sessions<T> {
  list: Query<SessionListIn | void, Page<Session<T>>>;
  get: Query<Id, Session<T>>;
  timeline: Query<Id & PageIn, Page<TraceDetail<T>>>;
  update: Mutation<Id & { name?: string | null; metadata?: Metadata }, Session<T>>;
  /** Unlinks the traces; they stay, without a session. */
  delete: Mutation<Id, { success: true; tracesUnlinked: number }>;
}

type Router<T, HasTransformer extends boolean> = TRPCBuiltRouter<
  { ctx: object; meta: object; errorShape: ErrorShape; transformer: HasTransformer },
  { users: { [K in keyof Users<T>]: Users<T>[K] }; sessions: { [K in keyof Sessions<T>]: Sessions<T>[K] } }
>;

/** For clients without a transformer: times are texts. */
export type AppRouter = Router<string, false>;

/** For clients with `transformer: superjson`: times are Dates. */
export type AppRouterWithSuperjson = Router<Date, true>;
