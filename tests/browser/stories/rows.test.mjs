// Rows of lists: one leads to what it is about wherever one points, its texts can still be copied, links in it
// are links of their own, and the keyboard stops at it once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });

const open = async (page, path, query = '') => {
  const { project } = await stage.ids();
  await page.goto(`${path}?projectId=${project}${query}`);
};
/** A click in the empty left of a cell, where no text is. */
const clickBeside = async (row, cell) => {
  await row.scrollIntoViewIfNeeded();
  const box = await row.locator('td').nth(cell).boundingBox();
  await row.page().mouse.click(box.x + 3, box.y + 4);
};

const LISTS = [
  ['/users', 3],
  ['/sessions', 3],
  ['/traces', 5],
  ['/costs', 2],
  ['/', 2],
];
for (const javaScriptEnabled of [true, false]) {
  for (const [path, cell] of LISTS) {
    test(`a row of ${path} leads on from any cell, scripts: ${javaScriptEnabled}`, LIMITS, stage.page(async ({ page }) => {
      await open(page, path);
      const row = page.locator('main tbody tr', { has: page.locator('.main-link') }).nth(1);
      const target = new URL(await row.locator('.main-link').getAttribute('href'), page.url()).pathname;
      assert.notEqual(target, new URL(page.url()).pathname);
      await clickBeside(row, cell);
      await page.waitForURL((url) => url.pathname === target);
    }, { context: { javaScriptEnabled } }));
  }
}

test('a click on a text of a row opens it, with a key in another tab', LIMITS, stage.page(async ({ page }) => {
  await open(page, '/users', '&sortBy=totalCost');
  const row = page.locator('#live tbody tr').first();
  const target = new URL(await row.locator('.main-link').getAttribute('href'), page.url()).pathname;
  const amount = row.locator('td:nth-child(6) span');
  const [other] = await Promise.all([page.context().waitForEvent('page'), amount.click({ modifiers: ['Control'] })]);
  assert.equal(new URL(other.url()).pathname, target);
  await other.close();
  for (const text of [amount, row.locator('small'), row.locator('time').last()]) {
    await text.click();
    await page.waitForURL((url) => url.pathname === target);
    await page.goBack();
  }
}));

test('links in a row are links of their own', LIMITS, stage.page(async ({ page }) => {
  await open(page, '/traces');
  const row = page.locator('#live tbody tr', { has: page.locator('td:nth-child(3) a') }).first();
  await row.locator('td:nth-child(3) a').click();
  await page.waitForURL(/\/users\/usr_/);
}));

test('what stands in a row can be selected, and the pointer finds the exact amount', LIMITS, stage.page(async ({ page }) => {
  await open(page, '/users', '&sortBy=totalCost');
  const row = page.locator('#live tbody tr').first();
  for (const text of [row.locator('small'), row.locator('td:nth-child(6) span')]) {
    const box = await text.boundingBox();
    const middle = box.y + box.height / 2;
    const isAbove = await page.evaluate(([x, y]) => document.elementFromPoint(x, y).closest('a') === null, [box.x + box.width / 2, middle]);
    assert.ok(isAbove, 'the link does not lie over it');
    await page.mouse.move(box.x + 1, middle);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 1, middle, { steps: 4 });
    await page.mouse.up();
    const selected = await page.evaluate(() => getSelection().toString().trim());
    assert.ok(selected.length > 2 && (await text.innerText()).includes(selected), selected);
  }
  assert.equal(new URL(page.url()).pathname, '/users');
}));

test('the keyboard stops once at a row', LIMITS, stage.page(async ({ page }) => {
  await open(page, '/users');
  const names = await page.locator('#live tbody .main-link').allInnerTexts();
  await page.locator('#live tbody .main-link').first().focus();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), names[1]);
}));

test('on a touch screen the whole row is the link', LIMITS, stage.page(async ({ page }) => {
  await open(page, '/users', '&sortBy=totalCost');
  const row = page.locator('#live tbody tr').first();
  const target = new URL(await row.locator('.main-link').getAttribute('href'), page.url()).pathname;
  const box = await row.locator('td.num:visible span').first().boundingBox();
  await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForURL((url) => url.pathname === target);
}, { context: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } }));
