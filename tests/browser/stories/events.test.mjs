// Product events: the page says what the API says, its filters narrow both, and where events are nobody's
// it shows sums alone. The call that an empty page offers works.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { makeEvents } from '../harness/sample/events.mjs';
import { JOHN } from '../harness/sample/people.mjs';
import { KEY } from '../harness/server.mjs';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });
const anonymous = useStage({ settings: { COGNOBSERVE_EDITION: 'opensource' } });
const empty = useStage();

const run = promisify(execFile);
const open = async (page, on, query = '') => {
  const { project } = await on.ids();
  await page.goto(`/events?projectId=${project}${query}`);
};
/** What a table counts: `[[key, count], …]`. */
const readSums = (page) => page.locator('#sums tbody tr').evaluateAll((rows) => rows.map((row) => [
  row.cells[0].innerText.trim(),
  Number(row.cells[1].querySelector('[title]').title.replaceAll(',', '')),
]));
const names = (page) => page.locator('table.events tbody td:first-child > a').allInnerTexts();
const heading = (page) => page.locator('.head p').innerText();

/** All events of a question of the API, newest first. */
async function listAll(server, query) {
  const all = [];
  for (let cursor = ''; cursor !== null;) {
    const { items, nextCursor } = await server.read(`/v1/events?limit=100${query}${cursor && `&cursor=${cursor}`}`);
    all.push(...items);
    cursor = nextCursor;
  }
  return all;
}

test('the list is that of the API, page by page and back', LIMITS, stage.page(async ({ page, server }) => {
  const all = await listAll(server, '');
  assert.ok(all.length > 110);
  await open(page, stage);
  assert.match(await heading(page), new RegExp(`^${all.length} events in the last 30 days`));
  const seen = [];
  for (;;) {
    seen.push(...await names(page));
    const next = page.getByRole('link', { name: 'Next page' });
    if (await next.count() === 0) {
      break;
    }
    await Promise.all([page.waitForURL(/cursor=/), next.click()]);
    await page.locator('table.events').waitFor();
  }
  assert.deepEqual(seen, all.map(({ event }) => event));
  await page.getByRole('link', { name: 'First page' }).click();
  await page.waitForURL((url) => !url.searchParams.has('cursor'));
  assert.deepEqual(await names(page), all.slice(0, 50).map(({ event }) => event));
}));

test('a row says who, in which session, and with what', LIMITS, stage.page(async ({ page }) => {
  await open(page, stage);
  const row = page.locator('table.events tbody tr').first();
  const user = row.getByRole('link', { name: JOHN.name });
  assert.match(await row.locator('small').innerText(), /"list":\[1,\{"two":"<b>2<\/b>"\}\]|All that fits into a property/);
  const session = await page.locator('table.events td a[href*="/sessions/ses_"]').first().getAttribute('href');
  await user.click();
  await page.waitForURL(/\/users\/usr_/);
  assert.equal(await page.locator('h1').innerText(), JOHN.name);
  assert.equal((await page.goto(session)).status(), 200);
}));

test('counts are those of the API, by name, person and property', LIMITS, stage.page(async ({ page, server }) => {
  await open(page, stage);
  const total = (await server.read('/v1/events/count')).total;
  for (const [group, link] of [['event', 'Events'], ['property.type', 'type'], ['developer', 'Developers'], ['endUser', 'End users']]) {
    await page.getByRole('navigation', { name: 'Count by' }).getByRole('link', { name: link, exact: true }).click();
    await page.waitForURL((url) => (url.searchParams.get('groupBy') ?? 'event') === group);
    const { rows } = await server.read(`/v1/events/count?groupBy=${group}`);
    const shown = await readSums(page);
    assert.deepEqual(shown.map(([, count]) => count), rows.map(({ count }) => count), group);
    assert.equal(shown.reduce((sum, [, count]) => sum + count, 0), total, group);
  }
  await page.getByLabel('Count events by another property').fill('status');
  await page.getByRole('button', { name: 'Count' }).click();
  await page.waitForURL(/groupBy=property.status/);
  const { rows } = await server.read('/v1/events/count?groupBy=property.status');
  assert.deepEqual(await readSums(page), rows.map(({ key, count }) => [key ?? 'without status', count]));
  const chart = JSON.parse(await page.locator('#chart-events').getAttribute('data-chart'));
  assert.equal(chart.series[0].values.reduce((sum, value) => sum + value, 0), total);
  assert.ok(chart.series[0].values.filter((value) => value > 0).length > 20);
}));

for (const javaScriptEnabled of [true, false]) {
  test(`filters narrow list, counts and chart, scripts: ${javaScriptEnabled}`, LIMITS, stage.page(async ({ page, server }) => {
    await open(page, stage);
    await page.locator('select[name=event]').selectOption('memory_created');
    if (!javaScriptEnabled) {
      await page.getByRole('button', { name: 'Filter' }).click();
    }
    await page.waitForURL(/event=memory_created/);
    const { items: [john] } = await server.read(`/v1/users?search=${JOHN.id}`);
    await page.getByLabel('End user, by your id').fill(JOHN.id);
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`endUserId=${john.id}`));
    const wanted = makeEvents().filter((it) => it.event === 'memory_created' && it.user_id === JOHN.id);
    const all = await listAll(server, `&event=memory_created&endUserId=${john.id}`);
    assert.equal(all.length, wanted.length);
    assert.deepEqual(await names(page), all.map(({ event }) => event));
    assert.deepEqual(await readSums(page), [['memory_created', all.length]]);
    assert.match(await heading(page), new RegExp(`^${all.length} events? in the last 30 days of ${JOHN.name}`));
    await page.getByRole('link', { name: 'events of everybody' }).click();
    await page.waitForURL((url) => !url.searchParams.has('endUserId'));
    assert.equal(new URL(page.url()).searchParams.get('event'), 'memory_created');
    await page.getByLabel('End user, by your id').fill('nobody-has-this-id');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'No event matches' }).waitFor();
    await page.getByRole('link', { name: 'Show all events' }).click();
    await page.waitForURL((url) => !url.searchParams.has('event'));
  }, { context: { javaScriptEnabled } }));
}

test('a period without events says so, and the keyboard leads here', LIMITS, stage.page(async ({ page }) => {
  await open(page, stage, '&from=2024-01-01&to=2024-01-31');
  assert.equal(await page.getByRole('heading', { name: 'No events in this period' }).count(), 1);
  const { project } = await stage.ids();
  await page.goto(`/users?projectId=${project}&period=7d`);
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await page.waitForURL(/\/events\?.*period=7d/);
  await page.keyboard.press('j');
  assert.equal(await page.locator('tr.picked').count(), 1);
}));

test('the open-source edition shows no person', LIMITS, anonymous.page(async ({ page, server, watch }) => {
  const told = makeEvents().map(({ session_id, ...event }) => event);
  await server.tell(told);
  await open(page, anonymous);
  await page.getByText('stored without the people they are of').waitFor();
  assert.equal(await page.locator('table.events').count(), 0);
  const { rows, total } = await server.read('/v1/events/count?groupBy=event');
  assert.equal(total, told.length);
  assert.deepEqual(await readSums(page), rows.map(({ key, count }) => [key, count]));
  await page.getByRole('link', { name: 'edition', exact: true }).click();
  await page.waitForURL(/groupBy=property.edition/);
  assert.deepEqual(await readSums(page), [['opensource', total]]);
  const text = await page.locator('main').innerHTML();
  assert.doesNotMatch(text, /usr_|dev_|user_john|John|End user/);
  watch.expect(/403/);
  for (const query of ['&endUserId=usr_1', '&developerId=dev_1', '&groupBy=endUser', '&groupBy=developer']) {
    const { project } = await anonymous.ids();
    assert.equal((await page.goto(`/events?projectId=${project}${query}`)).status(), 403, query);
  }
}));

test('an empty page offers a call that works, and shows what it sent', LIMITS, empty.page(async ({ page, server }) => {
  await open(page, empty);
  const call = await page.locator('#s-curl').innerText();
  const url = call.match(/http:\S+/)[0];
  assert.ok(url.endsWith('/v1/events'));
  const { stdout } = await run('bash', ['-c', call.replace(new URL(url).origin, server.url)], {
    env: { ...process.env, COGNOBSERVE_API_KEY: KEY },
  });
  assert.equal(JSON.parse(stdout).success_count ?? 1, 1, stdout);
  await page.reload();
  assert.deepEqual(await names(page), ['memory_created']);
  assert.match(await page.locator('table.events small').innerText(), /"type":"text"/);
}));
