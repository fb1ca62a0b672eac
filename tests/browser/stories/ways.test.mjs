// Ways out of dead ends: pages of words, a search for nothing, a bill beside the export, an invitation taken back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JOHN } from '../harness/sample/people.mjs';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });
const switcher = (page) => page.locator('.switcher');
const box = (page) => page.locator('form.search input[name=q]');

test('what is not there keeps the frame, and the way back works', LIMITS, stage.page(async ({ page, watch }) => {
  watch.expect(/status of 40[04]/);
  const { project } = await stage.ids();
  for (const [path, status] of [['/none', 404], ['/users/none', 404], ['/traces/none', 404], ['/users?period=none', 400]]) {
    const answer = await page.goto(`${path}${path.includes('?') ? '&' : '?'}projectId=${project}`);
    assert.equal(answer.status(), status, path);
    assert.ok((await switcher(page).isVisible()) && (await box(page).isVisible()), path);
    assert.equal(await page.locator('body.bare').count(), 0, path);
  }
  await page.getByRole('link', { name: 'To the overview' }).click();
  await page.waitForURL((url) => url.pathname === '/');
}));

test('who is logged out is told so there, and led to the log-in', LIMITS, stage.page(async ({ page, watch }) => {
  watch.expect(/status of 404/);
  await page.goto('/none');
  await page.getByText('You are not logged in here.').waitFor();
  await page.getByRole('link', { name: 'To the log-in' }).click();
  await page.waitForURL(/\/login$/);
}, { signedIn: false }));

test('the navigation stands still from page to page', LIMITS, stage.page(async ({ page }) => {
  const tops = [];
  for (const path of ['/', '/account', '/installation', '/projects/new']) {
    await page.goto(path);
    tops.push((await page.locator('.rooms').first().boundingBox()).y);
  }
  assert.deepEqual(new Set(tops).size, 1, `${tops}`);
}));

test('a search without words says what is searched, one without match where it looked', LIMITS, stage.page(async ({ page, watch }) => {
  watch.expect(/status of 400/);
  const { project } = await stage.ids();
  for (const text of ['', '%20%20']) {
    await page.goto(`/search?q=${text}&projectId=${project}`);
    await page.getByText('nothing was typed yet').waitFor();
    await page.getByText('words of an error, in the period').waitFor();
  }
  const answer = await page.goto(`/search?q=${'x'.repeat(256)}&projectId=${project}`);
  assert.equal(answer.status(), 400);
  await page.getByText('at most 255 characters, and this one 256').waitFor();
  await box(page).fill('zzz nobody');
  await box(page).press('Enter');
  await page.getByRole('heading', { name: 'No user matches' }).waitFor();
  await page.getByText('in ids and names, in e-mails, in words of errors').waitFor();
  await page.getByRole('heading', { name: 'No session matches' }).waitFor();
  await page.getByRole('heading', { name: 'No trace matches' }).waitFor();
  await page.getByRole('link', { name: 'search the last 366 days' }).first().click();
  await page.waitForURL(/from=/);
  assert.equal(await page.getByRole('link', { name: 'search the last 366 days' }).count(), 0);
}));

test('a user has a bill of the period beside the export of everything', LIMITS, stage.page(async ({ page }) => {
  const { project, user } = await stage.ids();
  await page.goto(`/users/${user}?projectId=${project}`);
  await page.getByRole('link', { name: 'Export everything' }).waitFor();
  assert.match(await page.locator('#traces header').innerText(), /in the last 30 days/);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Costs as CSV' }).click()]);
  const [first, last] = await page.locator('.period input[type=date]').evaluateAll((fields) => fields.map((field) => field.value));
  assert.match(download.suggestedFilename(), new RegExp(`^default-costs-of-.+-${first}\\.\\.${last}\\.csv$`));
  const lines = (await (await download.createReadStream()).toArray()).join('').trim().split('\r\n').map((line) => line.split(','));
  assert.deepEqual(lines[0].slice(0, 4), ['userId', 'externalId', 'model', 'traceCount']);
  const cost = lines[0].indexOf('totalCostUsd');
  const nanos = (text) => BigInt(text.replace('.', ''));
  const billed = lines.slice(1).reduce((sum, cells) => sum + nanos(cells[cost]), 0n);
  const card = page.locator('.stat', { hasText: 'Total Cost' }).locator('dd span').first();
  const shown = /\$([\d.]+)/.exec(await card.getAttribute('title'))[1];
  assert.equal(billed, nanos(shown), 'the models are all of the cost');
  assert.ok(billed > 0n && lines.slice(1).every((cells) => cells[0] === user), JOHN.name);
}));

test('an amount in a list is the nearest to the exact one, as it is on a page of its own', LIMITS, stage.page(async ({ page }) => {
  for (const group of ['user', 'day', 'session', 'model']) {
    await page.goto(`/costs?groupBy=${group}`);
    const shown = await page.locator('tbody td.num span[title^="$"]').evaluateAll((all) => all.map((one) => [one.innerText, one.title]));
    const read = (text) => /([\d,]+)(?:\.(\d+))?/.exec(text);
    assert.ok(shown.length > 2, group);
    for (const [text, title] of shown.filter(([text]) => /^\D*\d/.test(text) && !text.startsWith('<'))) {
      const [digits, , places = ''] = read(text);
      const [exact] = read(title);
      const off = Math.abs(Number(digits.replaceAll(',', '')) - Number(exact));
      assert.ok(off <= 0.5 * 10 ** -places.length + 1e-9, `${text} for ${title} by ${group}`);
    }
  }
  await page.getByText(/Point at an amount for the exact one|Amounts are rounded one by one/).waitFor();
}));

test('an invitation that waits is listed and taken back', LIMITS, stage.page(async ({ page }) => {
  const { project } = await stage.ids();
  await page.goto(`/members?projectId=${project}`);
  const form = page.locator('form[action^="/members/invite"]');
  await form.locator('input[name=email]').fill('wanda@example.com');
  await form.getByRole('button').click();
  await page.locator('#invite-link').waitFor();
  await page.goto(`/members?projectId=${project}`);
  const row = page.locator('#invitations tr', { hasText: 'wanda@example.com' });
  await row.getByText('MEMBER').waitFor();
  await row.getByRole('button', { name: /^Revoke/ }).click();
  await row.waitFor({ state: 'detached' });
  assert.equal(new URL(page.url()).pathname, '/members');
}));

test('the reference of the API says whose it is and leads back', LIMITS, stage.page(async ({ page }) => {
  await page.goto('/docs');
  assert.match(await page.title(), /CognObserve/);
  await page.getByRole('link', { name: 'Back to the dashboard' }).click();
  await page.waitForURL((url) => url.pathname === '/');
}));
