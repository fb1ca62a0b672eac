// What the documents tell to write, compiled against the package and run as it is printed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startServer } from './harness.mjs';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMPILER = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
const OPTIONS = ['--strict', '--target', 'es2022', '--module', 'nodenext', '--lib', 'es2022,esnext.disposable,dom'];

let server;
let key;
let place;
before(async () => {
  const started = await startServer();
  server = started.server;
  key = started.makeKey('read');
  // Within the package, where its name and the client's can be found.
  place = mkdtempSync(join(ROOT, 'test', 'documented-'));
});
after(async () => {
  rmSync(place, { recursive: true, force: true });
  await server.stop();
});

for (const [document, seen] of [
  ['docs/trpc.md', (time) => assert.match(time, /^Date$/)],
  ['sdks/trpc/README.md', (time) => assert.match(time, /^String$/)],
]) {
  test(`${document}: the client`, async () => {
    const page = readFileSync(join(ROOT, '../..', document), 'utf8');
    const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block]) => block);
    assert.equal(blocks.length, 1);
    assert.ok(blocks[0].includes('http://127.0.0.1:4100') && blocks[0].includes('co_sk_…'));
    const filled = blocks[0].replace('http://127.0.0.1:4100', server.url).replace('co_sk_…', key);
    const name = document.replaceAll(/\W/g, '-');
    const tell = `const told = items.map((user) => [user.externalId, user.totalTokens, user.lastSeenAt.constructor.name]);
      console.log(JSON.stringify(told));`;
    writeFileSync(join(place, `${name}.mts`), `${filled}\n${tell}\n`);
    await run(process.execPath, [COMPILER, ...OPTIONS, join(place, `${name}.mts`)]).catch(({ stdout }) => assert.fail(stdout));
    const { stdout } = await run(process.execPath, [join(place, `${name}.mjs`)]);
    const users = JSON.parse(stdout);
    assert.deepEqual(users.map(([id, tokens]) => [id, tokens]), [['john', 300], ['ann', 150]]);
    seen(users[0][2]);
  });
}
