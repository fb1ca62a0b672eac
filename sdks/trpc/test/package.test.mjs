// The package as it is published: packed, installed in a project of its own, and its types held against tRPC's there, this
// one's and the oldest that the package says it goes with.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MODULES = join(ROOT, 'node_modules');
const OPTIONS = { strict: true, noEmit: true, target: 'es2022', types: [], lib: ['es2022', 'esnext.disposable', 'dom'] };

let home;
let packed;
before(async () => {
  home = mkdtempSync(join(tmpdir(), 'cognobserve-trpc-package-'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', home], { cwd: ROOT });
  packed = JSON.parse(stdout)[0];
});
after(() => rmSync(home, { recursive: true, force: true }));

/** A project with the packed package and links to `modules`: names there and here. */
async function install(name, modules) {
  const project = join(home, name);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"private": true, "type": "module"}');
  const args = ['install', '--offline', '--no-audit', '--no-fund', '--legacy-peer-deps', join(home, packed.filename)];
  await run('npm', args, { cwd: project });
  mkdirSync(join(project, 'node_modules/@trpc'));
  for (const [there, here] of Object.entries(modules)) {
    symlinkSync(join(MODULES, here), join(project, 'node_modules', there));
  }
  return project;
}

async function compile(project, files, options) {
  const compilerOptions = { ...OPTIONS, ...options };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  await run(process.execPath, [join(MODULES, 'typescript/bin/tsc'), '-p', project]).catch((error) => assert.fail(error.stdout));
}

test('it has types, words and a licence, and nothing to run', () => {
  const files = packed.files.map((file) => file.path).sort();
  assert.deepEqual(files, ['LICENSE', 'README.md', 'index.d.ts', 'index.js', 'package.json', 'shapes.d.ts']);
});

test('a client is type-safe with it, for Node and for a bundler', async () => {
  const modules = { '@trpc/server': '@trpc/server', '@trpc/client': '@trpc/client', superjson: 'superjson' };
  const project = await install('newest', modules);
  copyFileSync(join(ROOT, 'test/types.ts'), join(project, 'types.ts'));
  await compile(project, ['types.ts'], { module: 'nodenext' });
  await compile(project, ['types.ts'], { module: 'esnext', moduleResolution: 'bundler' });
  await run(process.execPath, ['--input-type=module', '-e', "await import('@cognobserve/trpc')"], { cwd: project });
});

test('its types hold with the oldest tRPC that it names', async () => {
  const project = await install('oldest', { '@trpc/server': 'trpc-server-oldest' });
  const use = `
    import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
    import type { AppRouter, AppRouterWithSuperjson } from '@cognobserve/trpc';
    type In = inferRouterInputs<AppRouter>['users']['get'];
    type Out = inferRouterOutputs<AppRouter>['users']['get'];
    type Dated = inferRouterOutputs<AppRouterWithSuperjson>['users']['get'];
    export const input: In = { id: 'usr_1' };
    export const email = (user: Out): string | null => user.email;
    export const seen = (user: Dated): Date => user.lastSeenAt;
    // @ts-expect-error an id is required
    export const none: In = {};
    // @ts-expect-error times are texts without a transformer
    export const wrong = (user: Out): Date => user.lastSeenAt;`;
  writeFileSync(join(project, 'use.ts'), use);
  await compile(project, ['use.ts'], { module: 'nodenext' });
});
