// The package where nothing is known of the runtime: browsers and edge runtimes. It imports no module of Node.
export { CognObserve } from './cognobserve.js';
export { wrapAnthropic, wrapOpenAI } from './integrations/index.js';
export type {
  CognObserveConfig,
  ContentKind,
  Level,
  ObserveOptions,
  Span,
  SpanOptions,
  SpanType,
  Stats,
  Trace,
  TraceOptions,
  TrackOptions,
  Usage,
  UserInfo,
  WhoseOptions,
} from './types.js';
