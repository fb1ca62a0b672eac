// The command that takes pictures by hand: logs in, reads its ids, says what it saw.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LIMITS } from '../harness/stage.mjs';
import { html, startStandIn } from './stand-in.mjs';

const COMMAND = fileURLToPath(new URL('../shoot.mjs', import.meta.url));
const json = (body) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
/** What is only for those who are logged in. */
const inside = (answer) => (request) =>
  /co_session=1/.test(request.headers.cookie ?? '') ? answer : { status: 303, headers: { location: '/login' } };
const PAGES = {
  '/favicon.ico': { status: 204 },
  '/login': (request) =>
    request.method === 'POST'
      ? { status: 303, headers: { location: '/', 'set-cookie': 'co_session=1; HttpOnly; SameSite=Lax' } }
      : { body: html('<form method="post"><input name="email"><input name="password" type="password"><button>Log in</button></form>') },
  '/': inside({ body: html('<a href="/users?projectId=prj_12ab">Users</a>') }),
  '/users': inside({ body: html('<div style="width:1000px">A wide list.</div>') }),
  '/users/usr_1': inside({ body: html('<p>John.</p>') }),
  '/v1/telemetry/status': inside(json({ edition: 'opensource' })),
  '/v1/users': inside(json({ items: [{ id: 'usr_1' }] })),
  '/v1/users/usr_1/sessions': inside(json({ items: [{ id: 'ses_1' }] })),
  '/v1/users/usr_1/traces': inside(json({ items: [{ id: 't-1', spanCount: 1 }] })),
};

let standIn;
let directory;
before(async () => {
  standIn = await startStandIn(PAGES);
  directory = mkdtempSync(join(tmpdir(), 'cognobserve-shots-'));
});
after(async () => {
  await standIn?.close();
  rmSync(directory, { recursive: true, force: true });
});

function run(...words) {
  const all = [COMMAND, '--url', standIn.url, '--out', directory, ...words];
  return new Promise((done) => {
    execFile(process.execPath, all, { timeout: 100_000 }, (error, out, err) => done({ code: error?.code ?? 0, out, err }));
  });
}

test('it logs in, shoots the named pages and says which scroll sideways or are missing', LIMITS, async () => {
  const who = ['--email', 'me@example.com', '--password', 'right'];
  const { code, out, err } = await run(...who, '--only', 'login,users,user,session');
  assert.equal(code, 0, out + err);
  assert.match(out, /^login +200 \/login$/m);
  assert.match(out, /^users +200 \/users\?projectId=prj_12ab {2}scrolls sideways at 390px by \d+$/m);
  assert.match(out, /^user +200 \/users\/usr_1\?projectId=prj_12ab$/m);
  assert.match(out, /^session +404 /m);
  const expected = ['login', 'session', 'user', 'users'].flatMap((name) =>
    ['dark-1440', 'dark-390', 'light-1440', 'light-390'].map((shot) => `${name}-${shot}.png`),
  );
  assert.deepEqual(readdirSync(directory).sort(), expected);
});

test('a page that leads elsewhere is told, and a wrong name is refused', LIMITS, async () => {
  const outside = await run('--path', '/');
  assert.match(outside.out, /^root +200 \/ {2}ended on \/login$/m);
  const wrong = await run('--only', 'usres');
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.err, /no such page: usres/);
});
