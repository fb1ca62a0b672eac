// The package as it is published: packed, installed in a project of its own, imported both ways, type-checked there.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT, run } from './support/child.mjs';
import { startServer } from './support/server.mjs';

const require = createRequire(import.meta.url);
const COMPILER = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
const OPTIONS = { target: 'es2022', lib: ['es2022'], strict: true, noEmit: true, types: [] };

let home;
let packed;
before(async () => {
  home = mkdtempSync(join(tmpdir(), 'cognobserve-package-'));
  // Without scripts: it is built already, and other tests are using that.
  const pack = await run(['pack', '--json', '--ignore-scripts', '--pack-destination', home], { command: 'npm' });
  assert.equal(pack.code, 0, pack.err);
  const told = JSON.parse(pack.out);
  packed = Array.isArray(told) ? told[0] : Object.values(told)[0];
  writeFileSync(join(home, 'package.json'), '{"private": true, "type": "module"}');
  const args = ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', join(home, packed.filename)];
  const install = await run(args, { command: 'npm', cwd: home });
  assert.equal(install.code, 0, install.err);
});
after(() => rmSync(home, { recursive: true, force: true }));

test('it has what it needs and nothing else', () => {
  const files = packed.files.map((file) => file.path);
  for (const file of [
    'LICENSE',
    'README.md',
    'package.json',
    'dist/esm/index.js',
    'dist/cjs/node.js',
    'dist/esm/node.d.ts',
  ]) {
    assert.ok(files.includes(file), file);
  }
  const odd = files.filter(
    (file) => !/^(LICENSE|README\.md|package\.json|dist\/.*\.(js|d\.ts)|dist\/(esm|cjs)\/package\.json)$/.test(file),
  );
  assert.deepEqual(odd, []);
  assert.ok(packed.unpackedSize < 400_000, `${packed.unpackedSize} bytes`);
  const { dependencies, exports, main, module, types } = require('../package.json');
  assert.deepEqual(Object.keys(dependencies ?? {}), []);
  const namedIn = (entry) => (typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(namedIn));
  for (const file of [main, module, types, ...namedIn(exports)]) {
    assert.ok(files.includes(file.replace('./', '')), file);
  }
});

test('it runs as an ES module and as CommonJS', async () => {
  const use = `CognObserve.init({ disabled: true });
    if (CognObserve.observe('a', () => 7) !== 7 || typeof wrapOpenAI !== 'function' || typeof UserSpanProcessor !== 'function') process.exit(1);`;
  const names = [
    ['{ CognObserve }', ''],
    ['{ wrapOpenAI }', '/integrations'],
    ['{ UserSpanProcessor }', '/opentelemetry'],
  ];
  const write = (file, line) => writeFileSync(join(home, file), `${names.map(line).join('\n')}\n${use}`);
  write('use.mjs', ([name, path]) => `import ${name} from '@cognobserve/sdk${path}';`);
  write('use.cjs', ([name, path]) => `const ${name} = require('@cognobserve/sdk${path}');`);
  for (const file of ['use.mjs', 'use.cjs']) {
    const { code, err } = await run([file], { cwd: home });
    assert.equal(code, 0, `${file}: ${err}`);
  }
});

test('it tells the real server whose a call was, as an ES module and as CommonJS', async () => {
  const server = await startServer();
  try {
    const use = `CognObserve.init();
      void CognObserve.observe({ name: 'call', user: { id: 'john', plan: 'pro' }, type: 'generation' }, async (span) => {
        span.setModel('gpt-4o').setUsage({ promptTokens: 12, completionTokens: 3 });
      });`;
    writeFileSync(join(home, 'tell.mjs'), `import { CognObserve } from '@cognobserve/sdk';\n${use}`);
    writeFileSync(join(home, 'tell.cjs'), `const { CognObserve } = require('@cognobserve/sdk');\n${use}`);
    for (const file of ['tell.mjs', 'tell.cjs']) {
      const { code, err } = await run([file], { cwd: home, env: server.env });
      assert.deepEqual([code, err], [0, ''], file);
    }
    const { items } = await server.read('/v1/users');
    const told = items.map((user) => [user.externalId, user.metadata, user.traceCount, user.totalTokens]);
    assert.deepEqual(told, [['john', { plan: 'pro' }, 2, 30]]);
  } finally {
    await server.stop();
  }
});

for (const [about, file, options] of [
  ['ES modules of Node', 'api.ts', { module: 'nodenext', moduleResolution: 'nodenext' }],
  ['a bundler', 'api.ts', { module: 'esnext', moduleResolution: 'bundler' }],
  ['an edge runtime', 'api.ts', { module: 'esnext', moduleResolution: 'bundler', customConditions: ['edge-light'] }],
  ['CommonJS of Node', 'use.cts', { module: 'nodenext', moduleResolution: 'nodenext' }],
]) {
  test(`its types hold for ${about}, without types of Node`, async () => {
    copyFileSync(join(ROOT, 'test/types/api.ts'), join(home, 'api.ts'));
    const use = `import sdk = require('@cognobserve/sdk');\nexport const answer: number = sdk.CognObserve.observe('a', () => 1);\n`;
    writeFileSync(join(home, 'use.cts'), use);
    const project = { compilerOptions: { ...OPTIONS, ...options }, files: [file] };
    writeFileSync(join(home, 'tsconfig.json'), JSON.stringify(project));
    const { code, out } = await run([COMPILER, '-p', home], { cwd: home });
    assert.equal(code, 0, out);
  });
}
