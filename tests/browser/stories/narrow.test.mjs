// Phones and tablets: what a page is about is there without scrolling sideways, and stays where it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../harness/screenshots.mjs';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });

const LISTS = [
  { path: () => '/users', heads: ['User', 'Cost', 'Errors'] },
  { path: ({ user }) => `/users/${user}`, heads: ['Trace', 'Cost', 'When'] },
  { path: () => '/traces', heads: ['Trace', 'User', 'Cost', 'When'] },
  { path: () => '/sessions', heads: ['Session', 'User', 'Cost', 'Errors'] },
  { path: () => '/costs', heads: ['User', 'Failed traces', 'Cost'] },
  { path: () => '/', heads: ['User', 'Failed traces', 'Cost'] },
  { path: () => '/search', query: '&q=timed%20out', heads: ['Trace', 'User', 'Cost', 'When'] },
];

for (const { path, query = '', heads } of LISTS) {
  test(`a phone shows ${heads.join(', ')} of ${path({ user: 'a user' })}`, LIMITS, stage.page(async ({ page }) => {
    const ids = await stage.ids();
    await page.goto(`${path(ids)}?projectId=${ids.project}${query}`);
    await page.locator('table tbody tr').first().waitFor();
    await settle(page);
    const tables = await page.locator('.scroll').evaluateAll((boxes) => boxes.map((box) => ({
      heads: [...box.querySelectorAll('th')].filter((th) => th.offsetWidth > 0).map((th) => th.innerText.replace(/[↑↓]/g, '').trim()),
      hidden: box.scrollWidth - box.clientWidth,
    })));
    const lists = tables.map((table) => table.heads.join(' '));
    assert.ok(lists.includes(heads.join(' ')), lists.join('; '));
    assert.deepEqual(tables.map((table) => table.hidden), tables.map(() => 0), 'pixels that are out of sight');
  }, { context: { viewport: { width: 390, height: 844 } } }));
}

test('what a phone leaves out of a list is on the page behind it', LIMITS, stage.page(async ({ page }) => {
  const { project } = await stage.ids();
  await page.goto(`/users?projectId=${project}&search=john%40acme.com`);
  await page.locator('#live .main-link').click();
  await page.getByText('Total Traces').waitFor();
  assert.ok(await page.getByText(/first seen/).isVisible());
  await page.locator('#traces .main-link').first().click();
  assert.ok(await page.locator('.stat', { hasText: 'Latency' }).first().isVisible());
}, { context: { viewport: { width: 390, height: 844 } } }));

for (const javaScriptEnabled of [true, false]) {
  test(`a phone sorts users by what it does not show, scripts: ${javaScriptEnabled}`, LIMITS, stage.page(async ({ page, server }) => {
    const { project } = await stage.ids();
    await page.goto(`/users?projectId=${project}&period=90d`);
    await page.getByLabel('Order', { exact: true }).selectOption('asc');
    if (javaScriptEnabled) {
      await page.waitForURL(/sortOrder=asc/);
    }
    await page.getByLabel('Sort by').selectOption('tokens');
    if (!javaScriptEnabled) {
      await page.getByRole('button', { name: 'Search' }).click();
    }
    await page.waitForURL(/sortBy=totalTokens/);
    assert.equal(new URL(page.url()).searchParams.get('sortOrder'), 'asc');
    assert.equal(await page.getByLabel('Sort by').inputValue(), 'totalTokens');
    const { items } = await server.read('/v1/users?sortBy=totalTokens&sortOrder=asc&limit=100');
    const names = await page.locator('#live tbody .main-link').allInnerTexts();
    assert.equal(names.length, Math.min(items.length, 50));
    assert.equal(names.at(-1), items[names.length - 1].name ?? items[names.length - 1].email ?? items[names.length - 1].externalId);
  }, { context: { viewport: { width: 390, height: 844 }, javaScriptEnabled } }));
}

for (const width of [390, 768, 850, 1024, 1240]) {
  test(`days of one's own are in sight at ${width} pixels, and what they open`, LIMITS, stage.page(async ({ page }) => {
    const { project } = await stage.ids();
    await page.goto(`/users?projectId=${project}&from=2024-09-28&to=2025-09-28`);
    await page.locator('.period summary').click();
    await settle(page);
    const room = await page.evaluate(() => document.documentElement.clientWidth);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= room, 'the page scrolls sideways');
    for (const part of ['.period summary', '.period .pop-body']) {
      const { x, width: wide } = await page.locator(part).boundingBox();
      assert.ok(x >= 0 && x + wide <= room, `${part}: ${x} + ${wide} of ${room}`);
    }
    await page.locator('#live').getByRole('link', { name: 'Show all users' }).click();
    await page.locator('#live tbody .main-link').first().waitFor();
  }, { context: { viewport: { width, height: 800 } } }));
}

test('an axis without numbers says no step twice', LIMITS, stage.page(async ({ page }) => {
  const { project } = await stage.ids();
  await page.addInitScript(() => {
    window.written = [];
    const write = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function fillText(text, x, y) {
      window.written.push({ text, y });
      return write.apply(this, arguments);
    };
  });
  await page.goto(`/?projectId=${project}&from=2024-01-01&to=2024-01-02`);
  await settle(page);
  const steps = await page.evaluate(() => window.written.filter(({ text }) => / ms$/.test(text)));
  assert.deepEqual([...new Set(steps.map(({ text }) => text))], ['0 ms', '1 ms']);
  for (const text of ['0 ms', '1 ms']) {
    assert.equal(new Set(steps.filter((step) => step.text === text).map(({ y }) => y)).size, 1, text);
  }
}));

test('no head of the list of users has more than two lines at 1024 pixels', LIMITS, stage.page(async ({ page }) => {
  const { project } = await stage.ids();
  await page.goto(`/users?projectId=${project}`);
  await settle(page);
  const heads = await page.locator('.users th').evaluateAll((all) => all.map((th) => {
    // Of the text itself: the link around it is higher than a line.
    const walk = document.createTreeWalker(th, NodeFilter.SHOW_TEXT);
    const tops = [];
    const range = document.createRange();
    while (walk.nextNode()) {
      range.selectNodeContents(walk.currentNode);
      tops.push(...[...range.getClientRects()].filter((box) => box.width > 0).map((box) => Math.round(box.top / 8)));
    }
    return [th.innerText.replace(/\s+/g, ' ').trim(), new Set(tops).size];
  }));
  assert.ok(heads.some(([text]) => text === 'Failed traces %'));
  assert.deepEqual(heads.filter(([, lines]) => lines > 2), []);
}, { context: { viewport: { width: 1024, height: 768 } } }));

test('nothing moves while a page loads on a tablet', LIMITS, stage.page(async ({ page }) => {
  const { project, user } = await stage.ids();
  await page.addInitScript(() => {
    window.moved = 0;
    const add = (list) => list.getEntries().forEach((entry) => { window.moved += entry.value; });
    new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
  });
  for (const path of [`/users/${user}`, '/', '/users', '/costs', `/users/${user}`, `/users/${user}`]) {
    await page.goto(`${path}?projectId=${project}`);
    await settle(page);
    const moved = await page.evaluate(() => window.moved);
    assert.ok(moved < 0.02, `${path}: ${moved}`);
  }
}, { context: { viewport: { width: 768, height: 1024 } } }));

for (const width of [850, 1024, 1180]) {
  test(`every bar of a trace is in sight at ${width} pixels`, LIMITS, stage.page(async ({ page }) => {
    const { project, trace } = await stage.ids();
    await page.goto(`/traces/${trace}?projectId=${project}`);
    const box = page.locator('.scroll', { has: page.locator('.waterfall') });
    assert.equal(await box.evaluate((scroll) => scroll.scrollWidth - scroll.clientWidth), 0);
  }, { context: { viewport: { width, height: 800 } } }));
}

test('without scripts nothing is offered that needs them', LIMITS, stage.page(async ({ page }) => {
  const { project, user } = await stage.ids();
  await page.goto(`/users/${user}?projectId=${project}`);
  assert.equal(await page.locator('.copy').count(), 1);
  assert.equal(await page.locator('.copy, .needs-js').locator('visible=true').count(), 0);
}, { context: { javaScriptEnabled: false } }));
