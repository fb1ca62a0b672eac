// What helps without being asked: keys that are listed, metadata keys that are offered, changes that say what
// they are against, and a keyboard that is where one goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JOHN, PEOPLE } from '../harness/sample/people.mjs';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });
const keysOf = (people) => [...new Set(people.flatMap((one) => Object.keys(one.metadata ?? {})))].sort();
const focused = (page) => page.evaluate(() => document.activeElement?.textContent.trim());

async function open(page, path, query = '') {
  const { project } = await stage.ids();
  await page.goto(`${path}?projectId=${project}${query}`);
}

test('a question mark lists the keys, and so does a button', LIMITS, stage.page(async ({ page }) => {
  await open(page, '/users');
  const list = page.getByRole('dialog', { name: 'Keyboard' });
  await page.keyboard.press('?');
  await list.waitFor();
  assert.match(await list.innerText(), /next and previous row/);
  await page.keyboard.press('j');
  assert.equal(await page.locator('tr.picked').count(), 0, 'the page beneath stays');
  await page.keyboard.press('Escape');
  await list.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Keyboard' }).click();
  await list.getByRole('button', { name: 'Close' }).click();
  await list.waitFor({ state: 'hidden' });
  await page.getByRole('searchbox', { name: /Search users/ }).fill('?');
  assert.equal(await list.isVisible(), false);
}));

test('known metadata keys are offered where one is typed', LIMITS, stage.page(async ({ page }) => {
  const wanted = keysOf(PEOPLE);
  assert.ok(wanted.includes('plan'));
  for (const [path, label] of [['/users', 'Metadata key'], ['/costs', 'another metadata key']]) {
    await open(page, path);
    const field = page.getByLabel(label);
    const offered = await field.evaluate((input) => [...input.list.options].map((option) => option.value));
    assert.deepEqual(offered.sort(), wanted, path);
  }
}));

test('after a search the keyboard is at the first that was found, or in the box', LIMITS, stage.page(async ({ page }) => {
  await open(page, '/');
  await page.keyboard.press('/');
  await page.keyboard.type(JOHN.name.split(' ')[0]);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === '/search');
  const first = await page.locator('main tbody .main-link').first().innerText();
  assert.equal(await focused(page), first);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/users\/usr_/);
  await open(page, '/search', '&q=nobody-is-called-so');
  const box = page.locator('[data-hotkey="/"]');
  assert.ok(await box.evaluate((input) => input === document.activeElement));
  assert.equal(await box.evaluate((input) => input.value.slice(input.selectionStart, input.selectionEnd)), 'nobody-is-called-so');
}));

test('a change says which days it is against', LIMITS, stage.page(async ({ page }) => {
  await open(page, '/', '&period=7d');
  const changes = page.locator('.change');
  assert.ok(await changes.count() > 0);
  const head = await page.locator('.head p').innerText();
  const before = /↑ and ↓ compare with (.+)$/.exec(head)?.[1];
  assert.ok(before, head);
  for (const change of await changes.all()) {
    const words = await change.getAttribute('title');
    assert.ok(words.endsWith(` in ${before}`), words);
    assert.equal((await change.locator('.sr').textContent()), words);
  }
}));

test('no trail of links ends in a slash', LIMITS, stage.page(async ({ page }) => {
  const { user, trace, session } = await stage.ids();
  for (const path of [`/users/${user}`, `/users/${user}/edit`, `/sessions/${session}`, `/traces/${trace}`]) {
    await open(page, path);
    const trail = page.getByRole('navigation', { name: 'Breadcrumb' });
    assert.doesNotMatch(await trail.innerText(), /\/\s*$/, path);
    assert.ok(await trail.getByRole('link').count() > 0, path);
  }
}));
