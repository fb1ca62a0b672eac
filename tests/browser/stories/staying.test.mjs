// What somebody is at stays when a page refreshes itself: the keyboard, the scroll, the span that is open.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage();
const REFRESHED = { timeout: 40_000 };

const span = (id, more = {}) => ({ span_id: id, name: id, type: 'generation', model: 'gpt-4o', usage: { prompt_tokens: 10, completion_tokens: 5 }, ...more });
const trace = (id, more = {}) => ({ trace_id: id, name: 'chat', user_id: `user-of-${id}`, session_id: `talk-of-${id}`, spans: [span('llm')], ...more });
const focused = (page) => page.evaluate(() => document.activeElement.getAttribute('href'));

/** Walks to the third row, lets `come()` put another before it, and sees that the keyboard is where it was. */
async function stays(page, path, come) {
  await page.goto(path);
  const rows = page.locator('#live tbody tr:has(.main-link)');
  await rows.nth(2).waitFor();
  const before = await rows.count();
  for (let step = 0; step < 3; step += 1) {
    await page.keyboard.press('j');
  }
  const href = await focused(page);
  const { pathname } = new URL(href, page.url());
  await come();
  await rows.nth(before).waitFor(REFRESHED);
  assert.equal(await focused(page), href, path);
  assert.equal(await page.locator('tr.picked .main-link').getAttribute('href'), href, path);
  assert.notEqual(await rows.nth(2).locator('.main-link').getAttribute('href'), href, 'another row came before it');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === pathname);
}

test('a row that is picked stays so when a newer trace arrives, and Enter opens it', LIMITS, stage.page(async ({ page, server }) => {
  await server.feed([trace('one'), trace('two'), trace('three'), trace('four')]);
  await stays(page, '/traces', () => server.feed([trace('five')]));
}));

test('so it does among users and sessions', LIMITS, stage.page(async ({ page, server }) => {
  await stays(page, '/users?sortBy=lastSeenAt', () => server.feed([trace('six')]));
  await stays(page, '/sessions', () => server.feed([trace('seven')]));
}));

test('so it does among costs, and when the row itself goes elsewhere', LIMITS, stage.page(async ({ page, server }) => {
  const dear = (id, cost) => trace(id, { spans: [span('llm', { cost: { total: cost } })] });
  await stays(page, '/costs', () => server.feed([dear('eight', 1)]));
  await page.goto('/users?sortBy=lastSeenAt');
  await page.locator('#live tbody tr').nth(3).waitFor();
  for (let step = 0; step < 4; step += 1) {
    await page.keyboard.press('j');
  }
  const href = await focused(page);
  const id = await page.locator('tr.picked .main-link').innerText();
  await server.feed([trace(`${id}-again`, { user_id: id })]);
  await page.waitForFunction((link) => document.querySelector('#live .main-link').getAttribute('href') === link, href, REFRESHED);
  assert.equal(await focused(page), href);
  assert.equal(await page.locator('#live tbody tr').first().getAttribute('class'), 'picked');
}));

test('so it does among the traces of one user', LIMITS, stage.page(async ({ page, server }) => {
  const own = (id) => trace(id, { user_id: 'busy' });
  await server.feed(['a', 'b', 'c'].map(own));
  const { items } = await server.read('/v1/users?search=busy');
  await stays(page, `/users/${items[0].id}`, () => server.feed([own('d')]));
}));

test('a new turn appears in an open session, which does not jump', LIMITS, stage.page(async ({ page, server }) => {
  const turn = (n) => trace(`turn-${n}`, { session_id: 'long talk', user_id: 'talker', timestamp: Date.now() - 60_000 + n * 1000, spans: [span('llm', { input: `Question ${n} ${'and more '.repeat(400)}`, output: `Answer ${n}` })] });
  await server.feed([1, 2, 3, 4].map(turn));
  const { items } = await server.read('/v1/sessions?search=long%20talk');
  await page.goto(`/sessions/${items[0].id}`);
  const link = page.locator('.turn > header a').nth(1);
  await link.focus();
  const text = page.locator('.turn .clip').nth(2);
  await text.evaluate((box) => { box.scrollTop = 40; });
  await page.evaluate(() => scrollTo(0, 300));
  const scrolled = await page.evaluate(() => scrollY);
  const href = await focused(page);
  await server.feed([turn(5)]);
  await page.locator('.turn', { hasText: 'Answer 5' }).waitFor(REFRESHED);
  assert.ok(scrolled > 0 && href.startsWith('/traces/turn-2'));
  assert.deepEqual([await focused(page), await page.evaluate(() => scrollY), await text.evaluate((box) => box.scrollTop)], [href, scrolled, 40]);
}));

test('a late span appears in an open trace, which goes on showing the span that it showed', LIMITS, stage.page(async ({ page, server }) => {
  const start = Date.now() - 5000;
  const at = (id, n, more = {}) => span(id, { start_time: start + n, end_time: start + n + 100, ...more });
  const spans = Array.from({ length: 40 }, (_, n) => at(`step-${n}`, n));
  await server.feed([trace('growing', { spans })]);
  await page.goto('/traces/growing');
  await page.locator('tr[aria-current] a').focus();
  await page.locator('.tall').evaluate((box) => { box.scrollTop = 120; });
  const shown = await page.locator('#h-span').innerText();
  const href = await focused(page);
  await page.evaluate(() => scrollTo(0, 150));
  const scrolled = await page.evaluate(() => scrollY);
  await server.feed([trace('growing', { spans: [at('late', 3000, { level: 'ERROR', status_message: 'the well was dry' })] })]);
  await page.locator('.waterfall .main-link', { hasText: 'late' }).waitFor(REFRESHED);
  assert.ok(scrolled > 0 && shown.startsWith('step-0'));
  assert.equal(await page.locator('#h-span').innerText(), shown);
  assert.deepEqual([await focused(page), await page.evaluate(() => scrollY), await page.locator('.tall').evaluate((box) => box.scrollTop)], [href, scrolled, 120]);
}));
