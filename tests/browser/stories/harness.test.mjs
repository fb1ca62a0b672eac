// The harness sees what it is there to see: each check passes a good page and fails a bad one.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkAccessibility } from '../harness/accessibility.mjs';
import { logIn } from '../harness/account.mjs';
import { findChromium, launchBrowser, openContext } from '../harness/browser.mjs';
import { findProject } from '../harness/ids.mjs';
import { measureOverflow, shoot } from '../harness/screenshots.mjs';
import { LIMITS } from '../harness/stage.mjs';
import { measureTransfer } from '../harness/transfer.mjs';
import { waitUntil } from '../harness/wait.mjs';
import { watchRequests } from '../harness/watch.mjs';
import { html, startStandIn } from './stand-in.mjs';

const STYLE = 'body{background:#fff;color:#111}@media (prefers-color-scheme:dark){body{background:#111;color:#999}}';
const LARGE = '/* a large style sheet */'.repeat(2000);
const FORM = html(`<form method="post" action="/login"><label>E-mail <input name="email" type="email"></label>
  <label>Password <input name="password" type="password"></label><button>Log in</button></form>`);
const PAGES = {
  '/favicon.ico': { status: 204 },
  '/good': { body: html('<p>Fine.</p>', `<style>${STYLE}</style>`) },
  '/foreign': { body: html('<img alt="" src="http://203.0.113.7/pixel.gif">') },
  '/broken-script': { body: html('<script>missing()</script>') },
  '/no-such-file': { body: html('<script src="/nowhere.js"></script>') },
  '/breach': { headers: { 'content-security-policy': "default-src 'self'" }, body: html('<script>1</script>') },
  '/alert': { body: html('<script>alert("here")</script>') },
  '/no-label': { body: html('<input name="q">') },
  '/pale-when-dark': { body: html('<p>Pale.</p>', `<style>${STYLE.replace('#999', '#444')}</style>`) },
  '/wide': { body: html('<div style="width:900px">wide</div>') },
  '/with-asset': { body: html('<p>Styled.</p>', '<link rel="stylesheet" href="/asset.css">') },
  '/asset.css': { headers: { 'content-type': 'text/css', 'cache-control': 'public, max-age=3600' }, body: LARGE },
  '/login': (request, sent) =>
    request.method !== 'POST' || sent !== 'email=me%40example.com&password=right'
      ? { status: request.method === 'POST' ? 422 : 200, body: request.method === 'POST' ? html('<p>Wrong password.</p>') : FORM }
      : { status: 303, headers: { location: '/', 'set-cookie': 'co_session=1; HttpOnly; SameSite=Lax' } },
  '/': (request) => ({ body: html(request.headers.cookie ? '<a href="/users?projectId=prj_12ab">Users</a>' : 'Nobody.') }),
};

let standIn;
let browser;
before(async () => {
  standIn = await startStandIn(PAGES);
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await standIn?.close();
});

/** A page of its own, watched; what `body` answers. */
async function visit(path, body) {
  const context = await openContext(browser, standIn);
  try {
    const page = await context.newPage();
    const watch = watchRequests(page, standIn.url);
    await page.goto(path, { waitUntil: 'load' });
    return await body(page, watch);
  } finally {
    await context.close();
  }
}

test('a good page passes every check', LIMITS, () =>
  visit('/good', async (page, watch) => {
    await checkAccessibility(page);
    assert.equal(await measureOverflow(page), 0);
    watch.assertClean();
    assert.equal(watch.requests[0], `${standIn.url}/good`);
  }));

for (const [path, word] of [
  ['/foreign', /another origin: http:\/\/203\.0\.113\.7/],
  ['/broken-script', /missing is not defined/],
  ['/no-such-file', /status of 404/],
  ['/breach', /Content Security Policy/],
  ['/alert', /an alert: here/],
]) {
  test(`the watch notes what ${path} does`, LIMITS, () =>
    visit(path, async (page, watch) => {
      await waitUntil(`the watch notes ${word}`, 5_000, () => watch.problems.some((problem) => word.test(problem)));
      assert.throws(() => watch.assertClean());
      watch.expect(/./);
      watch.assertClean();
    }));
}

test('a question of the page is left to the test', LIMITS, () =>
  visit('/good', async (page, watch) => {
    page.once('dialog', (dialog) => dialog.accept());
    assert.equal(await page.evaluate(() => confirm('sure?')), true);
    assert.equal(await page.evaluate(() => confirm('sure?')), false);
    watch.assertClean();
  }));

test('accessibility: a field without a label fails, and so does pale text in one scheme', LIMITS, async () => {
  await visit('/no-label', (page) => assert.rejects(checkAccessibility(page), /critical label/));
  await visit('/pale-when-dark', (page) => assert.rejects(checkAccessibility(page), /in dark:\n {2}serious color-contrast/));
});

test('a page that is wider than a phone is measured', LIMITS, () =>
  visit('/wide', async (page) => {
    await page.setViewportSize({ width: 390, height: 844 });
    assert.ok((await measureOverflow(page)) > 400);
  }));

test('four pictures: light and dark, narrow and wide', LIMITS, () =>
  visit('/good', async (page) => {
    const directory = mkdtempSync(join(tmpdir(), 'cognobserve-shots-'));
    try {
      const shots = await shoot(page, 'good', { directory });
      assert.deepEqual(
        shots.map(({ scheme, width }) => `${scheme}-${width}`),
        ['light-390', 'light-1440', 'dark-390', 'dark-1440'],
      );
      const pictures = shots.map(({ file }) => readFileSync(file));
      // The width stands in the head of a PNG.
      assert.deepEqual(pictures.map((picture) => picture.readUInt32BE(16)), [390, 1440, 390, 1440]);
      assert.ok(!pictures[1].equals(pictures[3]), 'the scheme makes no difference');
    } finally {
      rmSync(directory, { recursive: true });
    }
  }));

test('bytes: what is cached costs nothing the second time', LIMITS, () =>
  visit('/good', async (page) => {
    const { cold, warm } = await measureTransfer(page, '/with-asset');
    assert.ok(cold > LARGE.length && cold < LARGE.length + 2_000, `${cold} bytes cold`);
    assert.ok(warm > 100 && warm < 2_000, `${warm} bytes warm`);
    const again = await measureTransfer(page, '/with-asset');
    assert.equal(again.cold, cold, 'the first visit starts with an empty cache');
  }));

test('logging in ends on the overview, or says why not', LIMITS, () =>
  visit('/login', async (page) => {
    await assert.rejects(logIn(page, 'me@example.com', 'wrong'), /ended on .*\/login .*status 422.* which says: .*Wrong password/s);
    await logIn(page, 'me@example.com', 'right');
    assert.equal(await findProject(page), 'prj_12ab');
  }));

test('the browser that is missing is named, with what to do', () => {
  assert.throws(() => findChromium('/nowhere'), /scripts\/setup\.sh browser/);
});
