// Plays every scenario that all SDKs share, and compares what is sent byte by byte.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { CognObserve, wrapAnthropic, wrapOpenAI } from '@cognobserve/sdk';
import { Ledger } from './support/ledger.mjs';
import { normalise, sortedText } from './support/normalise.mjs';
import { readRecorded, startProvider } from './support/provider.mjs';
import { listen, setUp } from './support/sdk.mjs';

const FOLDER = new URL('../../fixtures/', import.meta.url);
const { observe, withUser } = CognObserve;
const JOHN = { id: 'user-123', name: 'John Doe', email: 'john@acme.com' };
const answerChat = async () => readRecorded('openai-chat');
const nothing = async () => {};

let ledger;
let provider;
before(async () => {
  ledger = await Ledger.start();
  provider = await startProvider();
});
after(async () => {
  await CognObserve.shutdown();
  await ledger.stop();
  await provider.stop();
});

const scenarios = {
  async 'another-user-within'() {
    await observe({ name: 'import', userId: 'admin-1', sessionId: 'batch-1' }, async () => {
      await observe({ name: 'welcome', user: { id: 'user-123', plan: 'free' } }, async () => {
        await observe('write', async () => 'hi');
        return 'sent';
      });
    });
  },
  async 'anthropic-stream'() {
    const client = wrapAnthropic(new Anthropic({ baseURL: provider.url, apiKey: 'none' }));
    await withUser('user-123', async () => {
      const stream = await client.messages.create({
        model: 'claude-sonnet-4-5',
        max_tokens: 100,
        system: 'Be kind.',
        messages: [{ role: 'user', content: 'Hi' }],
        stream: true,
      });
      for await (const _ of stream);
    });
  },
  async anthropic() {
    await observe({ name: 'ask', userId: 'user-123', type: 'generation' }, async () => readRecorded('anthropic'));
  },
  async 'by-hand'() {
    const trace = CognObserve.startTrace({
      name: 'job',
      userId: 'user-123',
      sessionId: 'session-456',
      metadata: { kind: 'nightly' },
    });
    const fetched = trace.startSpan({ name: 'fetch' }).setInput({ page: 1 }).setOutput({ rows: 10 });
    fetched.end();
    const llm = trace.startSpan({ name: 'llm', type: 'generation', parent: fetched });
    llm.setModel('gpt-4o', { temperature: 0.7 }).setUsage({ promptTokens: 100, completionTokens: 50 });
    llm.setCost(0.25).setMetadata({ try: 2 }).end();
    trace.startSpan('broken').setError(new Error('time-out')).end();
    trace.end();
  },
  async embeddings() {
    const call = async () => readRecorded('openai-embeddings');
    await observe({ name: 'embed', userId: 'user-123', type: 'generation' }, call);
  },
  async 'empty-trace'() {
    const visit = { name: 'visit', userId: 'user-123', sessionId: 'session-456', metadata: { page: 1 } };
    const trace = CognObserve.startTrace(visit);
    await trace.end();
    await trace.end();
  },
  async events() {
    setUp(ledger, { mask: ({ secret, ...rest }) => rest });
    CognObserve.track('signup');
    withUser({ id: 'user-123', plan: 'pro' }, () =>
      CognObserve.withSession('session-456', () => {
        CognObserve.track('memory_created', { type: 'text', count: 2, has_metadata: true, secret: 1 });
        CognObserve.track('memory_read', {}, { userId: 'user-9', sessionId: 'session-7' });
      }),
    );
    withUser(null, () => CognObserve.track('logout'));
  },
  async failure() {
    const charge = async () => {
      throw new Error('no credit');
    };
    const pay = observe({ name: 'pay', userId: 'user-123' }, () => observe('charge', charge));
    await assert.rejects(pay, /^Error: no credit$/);
  },
  async 'full-user'() {
    const user = { ...JOHN, plan: 'enterprise', company: 'Acme Corp' };
    const options = { name: 'chat-completion', user, sessionId: 'session-456', type: 'generation' };
    await observe(options, answerChat);
  },
  async 'global-user'() {
    CognObserve.setUser(JOHN);
    await observe('action-1', async () => 'one');
    await observe('action-2', async () => null);
    CognObserve.setUser(null);
    await observe('action-3', nothing);
  },
  async 'late-span'() {
    const trace = CognObserve.startTrace({ name: 'request', userId: 'user-123' });
    trace.startSpan('respond').end();
    const late = trace.startSpan('background');
    trace.end();
    await CognObserve.flush();
    late.setOutput('late').end();
  },
  async 'log-alone'() {
    CognObserve.setUser('user-123');
    CognObserve.log('started', { version: 3 });
  },
  async masked() {
    for (const mask of [() => ({ hidden: true }), throwAlways]) {
      setUp(ledger, { mask });
      await observe({ name: 'ask', userId: 'user-123', input: 'my card is 4111' }, async () => 'thanks');
      await CognObserve.flush();
    }
  },
  async nested() {
    await observe({ name: 'answer', userId: 'user-123', metadata: { feature: 'support' } }, async () => {
      const search = { name: 'search', input: { query: 'invoice' }, metadata: { index: 'help' } };
      await observe(search, async () => [1, 2]);
      CognObserve.log('found', { hits: 2 }, 'WARNING');
      await observe({ name: 'llm', type: 'generation' }, answerChat);
      return 'done';
    });
  },
  async 'openai-stream'() {
    const client = wrapOpenAI(new OpenAI({ baseURL: provider.url, apiKey: 'none' }));
    await withUser('user-123', async () => {
      const stream = await client.chat.completions.create({
        model: 'gpt-4o',
        messages: [{ role: 'user', content: 'Hi' }],
        temperature: 0.2,
        stream: true,
        stream_options: { include_usage: true },
      });
      for await (const _ of stream);
    });
  },
  async responses() {
    const call = async () => readRecorded('openai-responses');
    await observe({ name: 'ask', userId: 'user-123', type: 'generation' }, call);
  },
  async 'user-id'() {
    const options = { name: 'chat-completion', userId: 'user-123', sessionId: 'session-456', type: 'generation' };
    await observe(options, answerChat);
  },
  async 'user-of-the-innermost-scope'() {
    await withUser('outer-1', () =>
      observe({ name: 'call', userId: 'user-123' }, async () => {
        await observe('own', nothing);
        await withUser('user-9', () => observe('theirs', nothing));
      }),
    );
  },
  async 'with-user'() {
    CognObserve.setUser({ id: 'global-1', name: 'G' });
    await withUser(JOHN, async () => {
      await observe('a', nothing);
      await observe({ name: 'b', userId: 'user-123' }, nothing);
      await observe({ name: 'c', userId: 'user-9' }, nothing);
      await observe({ name: 'd', user: { id: 'user-9', name: 'Nina' }, userId: 'user-8' }, nothing);
      await withUser(null, () => observe('e', nothing));
    });
    await observe('f', nothing);
    await observe({ name: 'g', userId: 'user-9' }, nothing);
  },
  async 'without-content'() {
    setUp(ledger, { captureContent: false });
    await observe({ name: 'ask', userId: 'user-123', type: 'generation', input: 'secret' }, answerChat);
  },
};

function throwAlways() {
  throw new Error('a mask that fails');
}

const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));

test('every scenario has a fixture and the other way round', () => {
  assert.deepEqual(Object.keys(scenarios).sort(), names.map((name) => name.replace('.json', '')).sort());
});

for (const name of names) {
  test(`fixture ${name}`, async () => {
    ledger.requests.length = 0;
    const { requests } = JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
    const scenario = name.replace('.json', '');
    setUp(ledger);
    await listen(async () => {
      await scenarios[scenario]();
      await CognObserve.flush();
    });
    const bodies = ledger.requests.map((request) => request.body);
    // Two runs: each counts its ids anew.
    const sent = scenario === 'masked' ? bodies.flatMap((body) => normalise([body])) : normalise(bodies);
    assert.deepEqual(sent, requests.map(sortedText));
    assert.deepEqual(CognObserve.stats().waiting, 0);
    for (const span of ledger.spans) {
      assert.match(span.span_id, /^[0-9a-f]{16}$/);
      assert.match(span.start_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      assert.ok(span.end_time >= span.start_time);
    }
    assert.ok(ledger.traces.every((trace) => /^[0-9a-f]{32}$/.test(trace.trace_id)));
  });
}
