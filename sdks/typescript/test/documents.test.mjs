// What the documents tell to write, run as it is printed: before it comes only what a reader has, after it a look at what came of it.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { runModule } from './support/child.mjs';
import { fillIn, findDocuments, readBlocks } from './support/documents.mjs';
import { KEY } from './support/ledger.mjs';
import { startProvider } from './support/provider.mjs';
import { eventually, startServer } from './support/server.mjs';

const PAGE = 'sdks/typescript/README.md';
const START = `import { CognObserve } from '@cognobserve/sdk';\nCognObserve.init();\n`;
const MESSAGES = `const messages = [{ role: 'user', content: 'Hi' }];\n`;

let server;
let provider;
before(async () => (provider = await startProvider()));
after(() => provider.stop());
beforeEach(async () => (server = await startServer()));
afterEach(() => server?.stop());

async function run(...parts) {
  const env = { ...server.env, OPENAI_BASE_URL: provider.url, OPENAI_API_KEY: 'none' };
  const { code, out, err } = await runModule(parts.join('\n'), { env });
  assert.deepEqual([code, err], [0, '']);
  return out;
}

/** All users: id, attributes, traces, tokens, dollars. */
async function readUsers() {
  const { items } = await server.read('/v1/users');
  return items
    .map((user) => [user.externalId, user.metadata, user.traceCount, user.totalTokens, user.totalCostUsd])
    .sort();
}

test('no document has programs that are not run', () => {
  const here = ['README.md', 'docs/sdks.md', 'docs/telemetry.md', PAGE];
  const withTrpc = ['docs/trpc.md', 'sdks/trpc/README.md'];
  assert.deepEqual(findDocuments(['ts', 'typescript', 'js', 'javascript', 'mjs']), [...here, ...withTrpc].sort());
});

test('README.md: the first call', async () => {
  const blocks = readBlocks('README.md', ['ts', 'js']);
  assert.equal(blocks.length, 1);
  const given = `import OpenAI from 'openai';\nconst openai = new OpenAI();\nconst request = { model: 'gpt-4o', messages: [] };\n`;
  await run(given, fillIn(blocks[0], { 'co_sk_…': KEY }));
  assert.deepEqual(await readUsers(), [['john', {}, 1, 15, '0.000055000']]);
});

test('docs/sdks.md: start', async () => {
  const blocks = readBlocks('docs/sdks.md', ['ts', 'js']);
  assert.equal(blocks.length, 1);
  await run(MESSAGES, blocks[0]);
  assert.deepEqual(await readUsers(), [['john', { plan: 'pro' }, 1, 15, '0.000055000']]);
});

test('docs/telemetry.md and its own page: an event is told of its user, and once', async () => {
  const blocks = readBlocks('docs/telemetry.md', ['ts', 'js']);
  assert.equal(blocks.length, 1);
  await run(blocks[0], blocks[0].split('\n').at(-2));
  await run(START, readBlocks(PAGE, ['js', 'ts'])[5]);
  const { rows } = await server.read('/v1/events/count?groupBy=property.type');
  assert.deepEqual(rows, [{ key: 'text', count: 2 }]);
  assert.deepEqual((await readUsers()).map(([id]) => id), ['alice', 'john']);
});

test('its own page, from start to traces by hand', async () => {
  const [start, middleware, observe, ownModel, byHand] = readBlocks(PAGE, ['js', 'ts']);
  const given = `${MESSAGES}const prompt = 'Why?';
    const myModel = async () => ({ text: 'Because.', tokens: { in: 3, out: 2 } });
    const handlers = [];
    const app = { use: (handle) => handlers.push(handle) };`;
  const request = `await new Promise((done) => handlers[0]({ user: { id: 'visitor', name: 'Vera', plan: 'pro' } }, {}, async () => {
    await openai.chat.completions.create({ model: 'gpt-4o', messages });
    done();
  }));
  console.log(answer.choices[0].message.content);`;
  assert.equal(await run(given, start, middleware, observe, ownModel, byHand, request), 'Hello!\n');
  assert.deepEqual(await readUsers(), [
    // The call is told by the wrapped client and by the one around it, and counts once.
    ['user-123', {}, 2, 15, '0.000055000'],
    ['visitor', { plan: 'pro' }, 1, 15, '0.000055000'],
  ]);
  const { rows } = await server.read('/v1/costs?groupBy=session');
  assert.deepEqual(rows.map((row) => row.totalTokens), [15]);
  const sums = await server.read('/v1/costs?groupBy=user');
  assert.deepEqual([sums.unattributed.totalTokens, sums.unattributed.totalCostUsd], [5, '0.002000000']);
});

test('its own page, serverless: a call has arrived when it answers', async () => {
  const immediate = readBlocks(PAGE, ['js', 'ts'])[6];
  assert.match(immediate, /immediate/);
  const call = `await CognObserve.observe({ name: 'call', userId: 'john' }, async () => 1); process.exit(0);`;
  await run(START, immediate, call);
  assert.deepEqual(await readUsers(), [['john', {}, 1, 0, '0.000000000']]);
});

test('its own page, the end of a program: what waits at SIGTERM arrives', async () => {
  const ending = readBlocks(PAGE, ['js', 'ts'])[7];
  const before = `const server = { close: () => console.log('closed') };\nCognObserve.observe({ name: 'call', userId: 'john' }, () => 1);`;
  const kill = `setInterval(() => {}, 1000);\nprocess.kill(process.pid, 'SIGTERM');`;
  assert.equal(await run(START, before, ending, kill), 'closed\n');
  await eventually('the call of john', async () => (await readUsers()).length === 1);
});

test('its own page, OpenTelemetry: a span of the app says whose it is', async () => {
  const blocks = readBlocks(PAGE, ['js', 'ts']);
  // A new block belongs into one of these programs.
  assert.equal(blocks.length, 9);
  const given = `import { BasicTracerProvider as NodeSDK, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
    class OTLPTraceExporter {
      export(spans, done) {
        console.log(JSON.stringify(spans[0].attributes));
        done({ code: 0 });
      }
      shutdown() {}
    }`;
  const use = `CognObserve.withUser({ id: 'john', plan: 'pro' }, () => sdk.getTracer('app').startSpan('work').end());
    await sdk.forceFlush();`;
  assert.deepEqual(JSON.parse(await run(given, blocks[8], use)), { 'user.id': 'john', 'user.plan': 'pro' });
});
