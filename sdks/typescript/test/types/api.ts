// The types keep what the app has: answers, generators and clients come out as they went in; mistakes do not compile.
import { CognObserve, wrapOpenAI } from '@cognobserve/sdk';
import type { CognObserveConfig, ObserveOptions, Span, Stats, Trace, TraceOptions, TrackOptions, UserInfo } from '@cognobserve/sdk';
import { wrapAnthropic } from '@cognobserve/sdk/integrations';
import { UserSpanProcessor } from '@cognobserve/sdk/opentelemetry';

const user: UserInfo = { id: 'u', plan: 'pro', seats: 3 };
const config: CognObserveConfig = { mode: 'immediate', mask: (content, kind) => (kind === 'input' ? null : content) };
const traceOptions: TraceOptions = { name: 't', id: 'req-1', metadata: { a: 1 }, sessionId: 's', userId: 'u', user };
const observeOptions: ObserveOptions = { type: 'span', input: 1, captureInput: false, captureOutput: false };
CognObserve.init(config);

const number: number = CognObserve.observe('sync', () => 1);
const later: Promise<string> = CognObserve.observe(observeOptions, async (span: Span) => span.id);
const numbers: Generator<number> = CognObserve.observe('g', function* (): Generator<number> {
  yield 1;
});
const pieces: AsyncGenerator<string> = CognObserve.observe('a', async function* (): AsyncGenerator<string> {
  yield 'x';
});
const traced: Promise<string> = CognObserve.trace(traceOptions, async (trace: Trace) => trace.id);
const inScope: number = CognObserve.withUser(user, () =>
  CognObserve.withUser('id', () => CognObserve.withUser(null, () => 1)),
);
const inSession: number = CognObserve.withSession('s', () => 1);

const trace = CognObserve.startTrace(traceOptions);
const span = trace.startSpan({ name: 's', type: 'generation', parent: trace.startSpan('above') });
span
  .setInput(1)
  .setOutput(2)
  .setModel('m', { temperature: 1 })
  .setCost(1)
  .setMetadata({ a: 1 })
  .setLevel('ERROR', 'm')
  .setError(1)
  .end();
span.setUsage({
  promptTokens: 1,
  completionTokens: 2,
  totalTokens: 3,
  cachedTokens: 4,
  reasoningTokens: 5,
  cacheWriteTokens: 6,
});
const ended: Promise<void> = trace.end();

CognObserve.log('event', { a: 1 }, 'WARNING');
const trackOptions: TrackOptions = { userId: 'u', user, sessionId: 's', eventId: 'e', timestamp: new Date() };
CognObserve.track('memory_created', { type: 'text' }, trackOptions);
const stats: Stats[] = [CognObserve.stats(), CognObserve.eventStats()];
const current: UserInfo | undefined = CognObserve.getUser();
const active: [Trace | undefined, Span | undefined] = [CognObserve.getActiveTrace(), CognObserve.getActiveSpan()];
await CognObserve.flush();
await CognObserve.shutdown();

class Client {
  readonly own = 'part';
}
const client: Client = wrapOpenAI(wrapAnthropic(new Client()));
const processor = new UserSpanProcessor();

// @ts-expect-error a user has an id
CognObserve.setUser({ name: 'John Doe' });
// @ts-expect-error there is no such type of call
CognObserve.observe({ type: 'agent' }, () => 1);
// @ts-expect-error a trace has a name
CognObserve.startTrace({ userId: 'u' });
// @ts-expect-error the answer of an asynchronous function is a promise
const wrong: number = CognObserve.observe('x', async () => 1);

export { active, client, current, ended, inScope, inSession, later, number, numbers, pieces, processor, stats, traced, wrong };
