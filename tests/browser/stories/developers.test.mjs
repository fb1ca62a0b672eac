// Developers: the pages say what the API says of end users, events and who comes back; where events are nobody's
// they say what they cannot show.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeEvents } from '../harness/sample/events.mjs';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });
const anonymous = useStage({ settings: { COGNOBSERVE_EDITION: 'opensource' } });
const empty = useStage();

const titles = (cells) => cells.locator('[title]').evaluateAll((all) => all.map((one) => Number(one.title.replaceAll(',', ''))));
const stat = (page, name) => page.locator('.stat', { hasText: name }).locator('dd').first().innerText();

test('the list is that of the API, however it is sorted', LIMITS, stage.page(async ({ page, server }) => {
  const { project, developer } = await stage.ids();
  await page.goto(`/developers?projectId=${project}`);
  for (const [sort, head] of [['uniqueEndUsers', 'End users'], ['eventCount', 'Events'], ['lastSeenAt', 'Last event']]) {
    await page.getByRole('columnheader', { name: head }).getByRole('link').click();
    await page.waitForURL((url) => (url.searchParams.get('sortBy') ?? 'uniqueEndUsers') === sort);
    assert.equal(await page.getByRole('columnheader', { name: head }).getAttribute('aria-sort'), 'descending');
    const { items } = await server.read(`/v1/developers?sortBy=${sort}`);
    assert.ok(items.length > 0);
    assert.deepEqual(await page.locator('#live tbody small').allInnerTexts(), items.map((it) => it.developerId));
    assert.deepEqual(await titles(page.locator('#live tbody td:nth-child(2)')), items.map((it) => it.uniqueEndUsers));
    assert.deepEqual(await titles(page.locator('#live tbody td:nth-child(3)')), items.map((it) => it.eventCount));
  }
  await page.locator('#live .main-link').first().click();
  await page.waitForURL((url) => url.pathname === `/developers/${developer}`);
}));

for (const zone of ['UTC', 'Asia/Kathmandu']) {
  test(`one developer's sums, days and weeks are those of the API in ${zone}`, LIMITS, stage.page(async ({ page, server }) => {
    const { project, developer } = await stage.ids();
    await page.goto(`/developers/${developer}?projectId=${project}&tz=${zone}`);
    const told = await server.read(`/v1/developers/${developer}/retention?days=30&tz=${zone}`);
    const one = await server.read(`/v1/developers/${developer}?from=${told.days[0].date}&tz=${zone}`);
    assert.equal(await stat(page, 'End users'), String(one.uniqueEndUsers));
    assert.equal(await stat(page, 'Events'), String(one.eventCount));
    const chart = JSON.parse(await page.locator('#chart-retention').getAttribute('data-chart'));
    assert.deepEqual(chart.series[0].values, told.days.map((day) => day.endUsers));
    const rows = await page.locator('.cohorts tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => [
      cell.innerText.trim(),
      cell.querySelector('[title]')?.title ?? '',
    ])));
    const week = (date) => new Date(date).toLocaleDateString('en-US', { timeZone: 'UTC', month: 'short', day: 'numeric', year: 'numeric' });
    const widest = Math.max(...told.cohorts.map(({ active }) => active.length));
    const expected = told.cohorts.map((cohort) => [
      [week(cohort.week), ''],
      [String(cohort.endUsers), String(cohort.endUsers)],
      ...Array.from({ length: widest - 1 }, (_, at) => cohort.active[at + 1]).map((active) => (active === undefined
        ? ['', '']
        : [`${Math.round((active / cohort.endUsers) * 100)}%`, `${active} of ${cohort.endUsers}`])),
    ]);
    assert.ok(expected.length > 2 && widest > 3);
    assert.deepEqual(rows, expected);
  }));
}

test('their events are counted by end user, and lead to the list', LIMITS, stage.page(async ({ page, server }) => {
  const { project, developer } = await stage.ids();
  await page.goto(`/developers/${developer}?projectId=${project}`);
  await page.getByRole('navigation', { name: 'Count by' }).getByRole('link', { name: 'End users' }).click();
  await page.waitForURL((url) => url.pathname === `/developers/${developer}` && url.searchParams.get('groupBy') === 'endUser');
  const { rows } = await server.read(`/v1/events/count?groupBy=endUser&developerId=${developer}`);
  assert.deepEqual(await titles(page.locator('#sums tbody td:nth-child(2)')), rows.map(({ count }) => count));
  assert.equal(await page.locator('table.events tbody tr').count(), 10);
  await page.getByRole('link', { name: 'All events' }).first().click();
  await page.waitForURL((url) => url.pathname === '/events' && url.searchParams.get('developerId') === developer);
  assert.equal(await page.locator('select[name=developerId]').inputValue(), developer);
}));

test('who has no event is there only as one of the project', LIMITS, empty.page(async ({ page, server, watch }) => {
  const { project } = await empty.ids();
  await page.goto(`/developers?projectId=${project}`);
  await page.getByRole('heading', { name: 'No developer has an event in this period' }).waitFor();
  const { developerId } = await server.read('/v1/me');
  await page.goto(`/developers/${developerId}?projectId=${project}`);
  assert.equal(await stat(page, 'Events'), '0');
  await page.getByRole('heading', { name: 'No new end users in this period' }).waitFor();
  watch.expect(/404/);
  assert.equal((await page.goto(`/developers/dev_nobody?projectId=${project}`)).status(), 404);
}));

test('the open-source edition says what it cannot show, and counts', LIMITS, anonymous.page(async ({ page, server, watch }) => {
  const { project } = await anonymous.ids();
  await server.tell(makeEvents().map(({ session_id, ...event }) => event));
  await page.goto(`/developers?projectId=${project}`);
  await page.getByText('nobody can say here which developer has how many end users').waitFor();
  await page.getByRole('link', { name: 'os', exact: true }).click();
  await page.waitForURL((url) => url.pathname === '/developers' && url.searchParams.get('groupBy') === 'property.os');
  const { rows } = await server.read('/v1/events/count?groupBy=property.os');
  assert.deepEqual(await titles(page.locator('#sums tbody td:nth-child(2)')), rows.map(({ count }) => count));
  assert.doesNotMatch(await page.locator('main').innerHTML(), /usr_|dev_|user_john|John/);
  watch.expect(/403/);
  const { developerId } = await server.read('/v1/me');
  assert.equal((await page.goto(`/developers/${developerId}?projectId=${project}`)).status(), 403);
}));
