// Calendar months, and that the chosen period and zone come back from pages that have none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });

const chart = async (page) => JSON.parse(await page.locator('.chart').first().getAttribute('data-chart'));
const current = (page) => page.locator('.period .segments a[aria-current]').innerText();
/** Year, month and day there, as numbers. */
const dateIn = (zone, at) => new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(at).split('-').map(Number);

for (const zone of ['Asia/Kolkata', 'America/New_York']) {
  test(`this and last month are those of the calendar in ${zone}`, LIMITS, stage.page(async ({ page }) => {
    const { project } = await stage.ids();
    await page.goto(`/costs?projectId=${project}&tz=${zone}`);
    const [year, month, day] = dateIn(zone, new Date());
    await page.getByRole('link', { name: 'This month' }).click();
    await page.waitForURL(/period=month/);
    assert.equal(new URL(page.url()).searchParams.get('tz'), zone);
    const bars = (await chart(page)).x.length;
    assert.ok(day === 1 ? bars >= 23 : day === 2 ? bars === 2 || bars >= 47 : bars === day, `${bars} bars on day ${day}`);
    await page.getByRole('link', { name: 'Last month' }).click();
    await page.waitForURL(/period=last-month/);
    assert.equal(await current(page), 'Last month');
    const { x } = await chart(page);
    const days = new Date(Date.UTC(year, month - 1, 0)).getUTCDate();
    assert.equal(x.length, days);
    const previous = new Date(Date.UTC(year, month - 2, 1));
    assert.deepEqual(dateIn(zone, x[0] * 1000), [previous.getUTCFullYear(), previous.getUTCMonth() + 1, 1]);
    const name = previous.toLocaleString('en-US', { month: 'long', year: 'numeric', timeZone: 'UTC' });
    assert.equal(await page.locator('.head p').innerText(), name);
    const csv = await page.getByRole('link', { name: 'Download CSV' }).getAttribute('href');
    assert.match(csv, /period=last-month/);
  }));
}

test('this and last week begin on a Monday of the zone', LIMITS, stage.page(async ({ page }) => {
  const zone = 'Asia/Kolkata';
  const { project } = await stage.ids();
  await page.goto(`/costs?projectId=${project}&tz=${zone}`);
  const [year, month, day] = dateIn(zone, new Date());
  const today = Date.UTC(year, month - 1, day);
  const monday = today - ((new Date(today).getUTCDay() + 6) % 7) * 86_400_000;
  const days = () => page.locator('.period input[type=date]').evaluateAll((fields) => fields.map((field) => Date.parse(field.value)));
  await page.getByRole('link', { name: 'This week' }).click();
  await page.waitForURL(/period=week/);
  assert.deepEqual(await days(), [monday, today]);
  assert.equal(await page.locator('.head p').innerText(), 'This week so far');
  await page.getByRole('link', { name: 'Last week' }).click();
  await page.waitForURL(/period=last-week/);
  assert.equal(await current(page), 'Last week');
  assert.deepEqual(await days(), [monday - 7 * 86_400_000, monday - 86_400_000]);
  assert.match(await page.locator('.head p').innerText(), /^The week of \w{3} \d+ to (\w{3} )?\d+, \d{4}$/);
  assert.equal((await chart(page)).x.length, 7);
}));

test('the period and the zone survive account, audit, keys, members and settings', LIMITS, stage.page(async ({ page }) => {
  const { project } = await stage.ids();
  const assertKept = (place) => {
    const { searchParams } = new URL(page.url());
    assert.deepEqual(
      ['projectId', 'period', 'tz'].map((name) => searchParams.get(name)),
      [project, 'last-month', 'Asia/Kolkata'],
      place,
    );
  };
  const room = async (name) => {
    await page.locator('.side').getByRole('link', { name, exact: true }).click();
    await page.waitForLoadState();
    assertKept(name);
  };
  await page.goto(`/users?projectId=${project}&period=last-month&tz=Asia%2FKolkata`);
  for (const name of ['Account', 'Costs', 'Settings', 'Users', 'Members', 'Sessions', 'Installation', 'Overview', 'Settings']) {
    await room(name);
  }
  for (const tab of ['API keys', 'Prices', 'Erased users', 'Audit log']) {
    await page.getByRole('link', { name: tab, exact: true }).click();
    await page.waitForLoadState();
    assertKept(tab);
    assert.equal(await page.locator('.side [aria-current=page]').innerText(), 'Settings', tab);
  }
  await room('Account');
  await page.locator('input[name=name]').fill('Olga Owner');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForLoadState();
  assertKept('a saved name');
  await room('Traces');
  assert.equal(await current(page), 'Last month');
}));

test('another project shows the same period', LIMITS, stage.page(async ({ page }) => {
  const { project } = await stage.ids();
  await page.goto('/projects/new');
  await page.locator('main input[name=name]').fill('second');
  await page.locator('main').getByRole('button').last().click();
  await page.waitForURL((url) => url.pathname !== '/projects/new');
  await page.goto(`/users?projectId=${project}&period=last-month&tz=Asia%2FKolkata`);
  const { pathname, searchParams } = new URL(await page.locator('.side a', { hasText: 'second' }).getAttribute('href'), page.url());
  assert.notEqual(searchParams.get('projectId'), project);
  assert.deepEqual([pathname, searchParams.get('period'), searchParams.get('tz')], ['/users', 'last-month', 'Asia/Kolkata']);
}));
