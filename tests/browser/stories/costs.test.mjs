// Costs in words that keep books: rows + rest = total, keys that nobody has, and amounts that are a least.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PEOPLE, UNPRICED_ONLY } from '../harness/sample/people.mjs';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });

const openCosts = async (page, query = '') => {
  const { project } = await stage.ids();
  await page.goto(`/costs?projectId=${project}${query}`);
};

test('the balance says what is added to what', LIMITS, stage.page(async ({ page }) => {
  for (const [query, heads, equation] of [
    ['', ['Users', '+ without a user', '= Total'], 'Users + without a user = total'],
    ['&groupBy=metadata.plan', ['Users with plan', '+ without plan', '= Total'], 'Users with plan + without plan = total'],
    ['&groupBy=day', ['Days', '= Total'], 'Days = total'],
  ]) {
    await openCosts(page, query);
    assert.deepEqual(await page.locator('.balance dt').allInnerTexts(), heads);
    assert.equal(await page.locator('.balance .more').innerText(), equation);
  }
}));

/** What is shown of an amount, in billionths of a dollar, and what the pointer finds. */
const readAmount = async (place) => {
  const read = (text) => {
    const [whole, rest = ''] = text.replace(/[^0-9.]/g, '').split('.');
    return BigInt(whole + rest.padEnd(9, '0'));
  };
  const text = await place.innerText();
  const title = await place.getAttribute('title');
  return { text, shown: text.startsWith('<') ? 0n : read(text), exact: read(title.split(',')[0]) };
};

test('what is added up adds up as it is shown', LIMITS, stage.page(async ({ page }) => {
  await openCosts(page, '&period=90d');
  const tiles = await page.locator('.balance dd[title]').all();
  const [users, rest, total] = await Promise.all(tiles.map(readAmount));
  assert.ok(rest.exact > 0n && users.exact > rest.exact);
  assert.equal(users.shown + rest.shown, total.shown, [users, rest, total].map(({ text }) => text).join(' '));
  assert.equal(users.exact + rest.exact, total.exact);
  const cells = await page.locator('#live table').first().locator('tbody td:nth-last-child(3) span').all();
  const rows = await Promise.all(cells.map(readAmount));
  const sum = rows.pop();
  assert.equal(sum.exact, total.exact);
  for (const value of ['shown', 'exact']) {
    assert.equal(rows.reduce((all, row) => all + row[value], 0n), sum[value], value);
  }
}));

test('bars are the shares of the total that stand beside them', LIMITS, stage.page(async ({ page }) => {
  await openCosts(page);
  await page.getByRole('columnheader', { name: 'Share of total', exact: true }).waitFor();
  const rows = await page.locator('#live table').first().locator('tbody tr').evaluateAll((all) => all.map((row) => [
    Number.parseFloat(row.querySelector('td:nth-last-child(2)').innerText),
    Number(row.querySelector('.share rect').getAttribute('width')),
  ]));
  assert.ok(rows.length > 10);
  for (const [share, bar] of rows) {
    assert.equal(bar, share);
  }
  assert.deepEqual(rows.at(-1), [100, 100]);
}));

test('a key that nobody has is said to be none, and the right one is offered', LIMITS, stage.page(async ({ page }) => {
  await openCosts(page);
  await page.getByLabel('another metadata key').fill('Plan');
  await page.getByRole('button', { name: 'Group' }).click();
  await page.getByRole('heading', { name: 'No user has the metadata key Plan' }).waitFor();
  assert.equal(await page.locator('.balance').count(), 0);
  assert.equal(await page.locator('.filters [aria-current]').innerText(), 'Plan');
  assert.equal(await page.getByText(/Capital and small letters make different keys/).count(), 1);
  const offered = page.locator('.empty .tag');
  assert.equal(await offered.first().innerText(), 'plan');
  await offered.first().click();
  await page.waitForURL(/groupBy=metadata\.plan/);
  await page.locator('.balance').waitFor();
}));

test('a key whose users were not there in the period is not called unknown', LIMITS, stage.page(async ({ page }) => {
  await openCosts(page, '&groupBy=metadata.plan&from=2020-01-01&to=2020-01-31');
  await page.getByRole('heading', { name: 'No user with plan was there in this period' }).waitFor();
}));

test('the usual keys are beside the other groups, and the chosen one is lit', LIMITS, stage.page(async ({ page }) => {
  await openCosts(page, '&period=90d');
  const groups = page.locator('.filters');
  assert.equal(await groups.locator('[aria-current]').innerText(), 'Users');
  await groups.getByRole('link', { name: 'company', exact: true }).click();
  await page.waitForURL(/groupBy=metadata\.company/);
  assert.equal(await groups.locator('[aria-current]').innerText(), 'company');
  const { company } = PEOPLE.find((one) => one.metadata?.company?.includes('&')).metadata;
  const link = page.getByRole('link', { name: `CSV of the users with ${company}`, exact: true });
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  assert.match(download.suggestedFilename(), /^default-users-company-[A-Za-z0-9-]+-\d{4}-\d\d-\d\d\.\.\d{4}-\d\d-\d\d\.csv$/);
  const lines = (await (await download.createReadStream()).toArray()).join('').trim().split('\r\n');
  assert.doesNotMatch(lines[0], /p50|p95|p99/);
  assert.equal(lines.length, 1 + PEOPLE.filter((one) => one.metadata?.company === company).length);
}));

test('a company leads to its users', LIMITS, stage.page(async ({ page }) => {
  const { company } = PEOPLE.find((one) => one.metadata?.company?.includes('&')).metadata;
  await openCosts(page, '&groupBy=metadata.company&period=90d');
  await page.getByRole('link', { name: company, exact: true }).click();
  await page.waitForURL((url) => url.pathname === '/users' && url.searchParams.get('metadata.company') === company);
  assert.equal(new URL(page.url()).searchParams.get('period'), '90d');
  const names = await page.locator('#live tbody .main-link').allInnerTexts();
  assert.deepEqual(names, PEOPLE.filter((one) => one.metadata?.company === company).map((one) => one.name));
}));

test('an amount that is a least says so on the page of a trace and of a session, too', LIMITS, stage.page(async ({ page, server }) => {
  const { project } = await stage.ids();
  const user = await server.read(`/v1/users/by-external-id/${UNPRICED_ONLY.id}`);
  const { items: [trace] } = await server.read(`/v1/users/${user.id}/traces?limit=1`);
  const { items: [session] } = await server.read(`/v1/users/${user.id}/sessions?limit=1`);
  for (const path of [`/traces/${trace.id}`, `/sessions/${session.id}`]) {
    await page.goto(`${path}?projectId=${project}`);
    const cost = page.locator('.stat', { has: page.getByText('Cost', { exact: true }) });
    const figure = cost.locator('dd span').first();
    assert.equal(await figure.innerText(), 'unpriced', path);
    assert.match(await figure.getAttribute('title'), /unpriced$/);
    assert.match(await cost.locator('.more').innerText(), /unpriced/);
  }
  assert.match(await page.locator('.turn .took').first().innerText(), /unpriced/);
}));

test('what has no price is counted beside its cost in every CSV, so that no zero is silent', LIMITS, stage.page(async ({ page }) => {
  const { project } = await stage.ids();
  for (const [path, column] of [['/users.csv', 'externalId'], ['/costs.csv?groupBy=user', 'externalId']]) {
    const answer = await page.request.get(`${path}${path.includes('?') ? '&' : '?'}projectId=${project}`);
    const [heads, ...rows] = (await answer.text()).trim().split('\r\n').map((line) => line.split(','));
    const row = rows.find((cells) => cells[heads.indexOf(column)] === UNPRICED_ONLY.id);
    assert.equal(Number(row[heads.indexOf('totalCostUsd')]), 0, path);
    assert.ok(Number(row[heads.indexOf('unpricedSpanCount')]) > 0, path);
    assert.equal(heads.indexOf('unpricedSpanCount'), heads.indexOf('totalCostUsd') + 1, 'side by side');
  }
}));

test('by model, the foot of the table says what counts twice', LIMITS, stage.page(async ({ page }) => {
  const foot = page.getByText('A trace with two models counts in both rows');
  await openCosts(page, '&groupBy=model');
  await foot.waitFor();
  const read = (cell) => page.locator(`#live table tbody tr:not(.total) td:nth-child(${cell}) span`).evaluateAll((all) => all.map((one) => Number(one.title.replace(/,/g, ''))));
  const total = (cell) => page.locator(`tr.total td:nth-child(${cell}) span`).getAttribute('title').then((text) => Number(text.replace(/,/g, '')));
  const table = page.locator('#live table').first();
  const rows = await table.locator('tbody tr:not(.total)').count();
  const add = (numbers) => numbers.slice(0, rows).reduce((sum, n) => sum + n, 0);
  assert.ok(add(await read(2)) > await total(2), 'traces');
  assert.equal(add(await read(3)), await total(3), 'spans');
  await openCosts(page);
  await page.locator('.balance').waitFor();
  assert.equal(await foot.count(), 0);
}));

test('numbers of a column have one unit', LIMITS, stage.page(async ({ page }) => {
  for (const path of ['/costs', '/costs?groupBy=model', '/users', '/', '/traces', '/sessions']) {
    const { project } = await stage.ids();
    await page.goto(`${path}${path.includes('?') ? '&' : '?'}projectId=${project}&period=90d`);
    const tables = await page.locator('#live table').evaluateAll((all) => all.map((table) => {
      const at = [...table.querySelectorAll('th')].findIndex((th) => th.innerText.trim() === 'Tokens') + 1;
      return [...table.querySelectorAll(`tbody td:nth-child(${at})`)].map((td) => td.innerText.trim()).filter((text) => text !== '0');
    }));
    const first = tables[0];
    assert.ok(first.length > 3, path);
    assert.equal(new Set(first.map((text) => text.replace(/[^kMBT]/g, ''))).size, 1, `${path}: ${first.join(' ')}`);
  }
}));
