// The span processor, in OpenTelemetry's own SDK.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { CognObserve } from '@cognobserve/sdk';
import { UserSpanProcessor } from '@cognobserve/sdk/opentelemetry';

test('every span says whose it is, from the scope that it starts in', async () => {
  const exporter = new InMemorySpanExporter();
  const spanProcessors = [new UserSpanProcessor(), new SimpleSpanProcessor(exporter)];
  const provider = new BasicTracerProvider({ spanProcessors });
  const tracer = provider.getTracer('test');
  const start = (name, attributes) => tracer.startSpan(name, { attributes }).end();

  start('nobody');
  const john = {
    id: 'user-123',
    name: 'John Doe',
    email: 'john@acme.com',
    plan: 'pro',
    seats: 3,
    tags: ['a'],
    gone: null,
  };
  await CognObserve.withUser(john, () =>
    CognObserve.withSession('s-1', async () => {
      await new Promise(setImmediate);
      start('john');
      start('own', { 'user.id': 'told by the app' });
    }),
  );
  CognObserve.withUser('bare', () => start('bare'));

  const attributes = Object.fromEntries(exporter.getFinishedSpans().map((span) => [span.name, span.attributes]));
  assert.deepEqual(attributes.nobody, {});
  assert.deepEqual(attributes.john, {
    'user.id': 'user-123',
    'session.id': 's-1',
    'user.name': 'John Doe',
    'user.email': 'john@acme.com',
    'user.plan': 'pro',
    'user.seats': 3,
  });
  assert.deepEqual(attributes.own, { 'user.id': 'told by the app', 'session.id': 's-1' });
  assert.deepEqual(attributes.bare, { 'user.id': 'bare' });
  await provider.forceFlush();
  await provider.shutdown();
});
