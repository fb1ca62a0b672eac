// The package is one, however it is imported, and its core needs nothing of Node.
import assert from 'node:assert/strict';
import { webcrypto as crypto } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import vm from 'node:vm';
import * as esm from '@cognobserve/sdk';
import { ROOT, runModule } from './support/child.mjs';
import { KEY, Ledger } from './support/ledger.mjs';
import { setUp } from './support/sdk.mjs';

const require = createRequire(import.meta.url);

let ledger;
before(async () => (ledger = await Ledger.start()));
after(async () => {
  await esm.CognObserve.shutdown();
  await ledger.stop();
});
beforeEach(() => (ledger.requests.length = 0));

test('ESM and CommonJS have the same exports and share one state', async () => {
  const cjs = require('@cognobserve/sdk');
  assert.deepEqual(Object.keys(cjs).sort(), Object.keys(esm).sort());
  assert.deepEqual(Object.keys(esm).sort(), ['CognObserve', 'wrapAnthropic', 'wrapOpenAI']);
  for (const path of ['@cognobserve/sdk/integrations', '@cognobserve/sdk/opentelemetry']) {
    assert.deepEqual(Object.keys(require(path)).sort(), Object.keys(await import(path)).sort());
  }
  setUp(ledger);
  await esm.CognObserve.withUser('u', () =>
    cjs.CognObserve.observe('outer', () =>
      esm.CognObserve.observe('inner', async () => assert.equal(cjs.CognObserve.getUser().id, 'u')),
    ),
  );
  await cjs.CognObserve.flush();
  assert.deepEqual(
    ledger.traces.map((trace) => [trace.user_id, trace.spans.length]),
    [['u', 2]],
  );
});

/** The CommonJS build, loaded where there is nothing but what the web has. */
function loadAtEdge(globals) {
  const said = [];
  const context = vm.createContext({ console: { warn: (text) => said.push(text) }, ...globals });
  const modules = new Map();
  const load = (file) => {
    if (!modules.has(file)) {
      const exports = {};
      modules.set(file, exports);
      const body = `(function (exports, require) {${readFileSync(file, 'utf8')}\n})`;
      const inner = (path) => {
        assert.match(path, /^\.\.?\//, `${file} asks for ${path}`);
        return load(join(dirname(file), path));
      };
      vm.runInContext(body, context, { filename: file })(exports, inner);
    }
    return modules.get(file);
  };
  return { sdk: load(join(ROOT, 'dist/cjs/index.js')), said };
}

const WEB = {
  fetch,
  URL,
  TextEncoder,
  AbortController,
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  crypto,
  performance,
  ReadableStream,
  Response,
};

test('at the edge: no module of Node, scopes by the global AsyncLocalStorage', async () => {
  const { AsyncLocalStorage } = await import('node:async_hooks');
  const { sdk } = loadAtEdge({ ...WEB, CompressionStream, AsyncLocalStorage });
  sdk.CognObserve.init({ apiKey: KEY, endpoint: ledger.url, mode: 'immediate' });
  const call = (user) =>
    sdk.CognObserve.withUser(user, () =>
      sdk.CognObserve.observe('outer', async () => {
        await new Promise(setImmediate);
        await sdk.CognObserve.observe({ name: 'inner', input: 'x'.repeat(2000) }, async () => {});
      }),
    );
  await Promise.all(['a', 'b', 'c'].map(call));
  assert.deepEqual(ledger.traces.map((trace) => [trace.user_id, trace.spans.length]).sort(), [
    ['a', 2],
    ['b', 2],
    ['c', 2],
  ]);
  assert.ok(ledger.requests.every((request) => request.isPacked));
});

test('at the edge: a request that is cut off takes nothing of the others with it', async () => {
  const { AsyncLocalStorage } = await import('node:async_hooks');
  const stuck = [];
  const cutOff = (url, options) => (stuck.push(url) === 1 ? new Promise(() => {}) : fetch(url, options));
  const { sdk } = loadAtEdge({ ...WEB, fetch: cutOff, AsyncLocalStorage });
  sdk.CognObserve.init({ apiKey: KEY, endpoint: ledger.url, mode: 'immediate' });
  void sdk.CognObserve.observe('cut off', async () => {});
  await new Promise(setImmediate);
  await sdk.CognObserve.observe('of another request', async () => {});
  assert.deepEqual(
    ledger.spans.map((span) => span.name),
    ['of another request'],
  );
  await sdk.CognObserve.flush(1);
  await sdk.CognObserve.flush();
});

test('at the edge without any of it: scopes hold until the first await and reach nobody else; requests go unpacked', async () => {
  const { sdk } = loadAtEdge(WEB);
  const { CognObserve } = sdk;
  CognObserve.init({ apiKey: KEY, endpoint: ledger.url });
  const call = (user) =>
    CognObserve.withUser(user, async () => {
      const first = CognObserve.observe({ name: `first of ${user}`, input: 'x'.repeat(2000) }, async () => {});
      await first;
      assert.equal(CognObserve.getUser(), undefined);
      await CognObserve.observe({ name: `told of ${user}`, userId: user }, async () => {});
    });
  await Promise.all(['a', 'b'].map(call));
  assert.equal(CognObserve.getUser(), undefined);
  await CognObserve.flush();
  const whose = Object.fromEntries(ledger.traces.map((trace) => [trace.name, trace.user_id]));
  assert.deepEqual(whose, { 'first of a': 'a', 'first of b': 'b', 'told of a': 'a', 'told of b': 'b' });
  assert.ok(!ledger.requests[0].isPacked);
});

test('the conditions of edge runtimes and bundlers lead to the core, those of Node to Node', async () => {
  const ask = `console.log(import.meta.resolve('@cognobserve/sdk').split('/dist/')[1])`;
  for (const [condition, file] of [
    ['edge-light', 'index'],
    ['workerd', 'index'],
    ['worker', 'index'],
    ['browser', 'index'],
    ['x', 'node'],
  ]) {
    const { out } = await runModule(ask, { flags: ['--conditions', condition] });
    assert.equal(out, `esm/${file}.js\n`);
  }
  const text = `import { CognObserve } from '@cognobserve/sdk'; CognObserve.init({ apiKey: '${KEY}', endpoint: '${ledger.url}' });
    await CognObserve.withUser('u', () => CognObserve.observe('a', async () => {})); await CognObserve.flush();`;
  const { code, err } = await runModule(text, { flags: ['--conditions', 'edge-light'] });
  assert.deepEqual([code, err, ledger.traces[0].user_id], [0, '', 'u']);
});

test('nothing but the entry for Node names a module of Node', () => {
  const files = readdirSync(join(ROOT, 'dist/esm'), { recursive: true }).filter((file) => file.endsWith('.js'));
  const named = files.filter((file) =>
    /(from|import|require)\s*\(?['"](node:|[^.'"])/.test(readFileSync(join(ROOT, 'dist/esm', file), 'utf8')),
  );
  assert.deepEqual(named.sort(), ['node-post.js', 'node.js']);
});
