// The way from "John says the AI is broken" to John's failed traces, and what the numbers on it are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JOHN, MARKUP, PEOPLE } from '../harness/sample/people.mjs';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });

const names = (page) => page.locator('#live tbody tr td:first-child .main-link').allInnerTexts();
const openUsers = async (page, query = '') => {
  const { project } = await stage.ids();
  await page.goto(`/users?projectId=${project}${query}`);
};
const openJohn = async (page) => {
  const { project, user } = await stage.ids();
  await page.goto(`/users/${user}?projectId=${project}`);
  return user;
};

test('the list shows everybody of the period, and sorts by cost as the API does', LIMITS, stage.page(async ({ page, server }) => {
  await openUsers(page);
  assert.equal((await names(page)).length, PEOPLE.length);
  await page.getByRole('link', { name: 'Cost', exact: true }).click();
  await page.waitForURL(/sortBy=totalCost/);
  const { items } = await server.read('/v1/users?sortBy=totalCost&limit=100');
  assert.deepEqual(await names(page), items.map((user) => user.name ?? user.email ?? user.externalId));
  assert.match(await page.locator('th[aria-sort=descending]').innerText(), /^Cost\s*↓$/);
  await page.locator('th[aria-sort] a').click();
  await page.waitForURL(/sortOrder=asc/);
  assert.deepEqual((await names(page)).length, PEOPLE.length);
  assert.equal(await page.locator('th[aria-sort=ascending]').count(), 1);
}));

test('a past period lists who had a trace in it, and its CSV the same', LIMITS, stage.page(async ({ page, server }) => {
  const day = (ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  const { rows } = await server.read(`/v1/costs?groupBy=user&from=${day(12)}&to=${day(5)}&limit=100`);
  const expected = rows.filter((row) => row.traceCount > 0).length;
  assert.ok(expected > 5 && expected < PEOPLE.length, `${expected} users`);
  for (const order of ['', '&sortBy=totalCost', '&sortBy=errorCount&sortOrder=asc']) {
    await openUsers(page, `&from=${day(12)}&to=${day(6)}&tz=UTC${order}`);
    const listed = await names(page);
    assert.equal(listed.length, expected, order);
    assert.ok(!listed.includes('Noah Fischer'), 'seen only later');
    assert.match(await page.locator('#tally').innerText(), new RegExp(`^${expected} active from `));
  }
  const file = await page.request.get(await page.getByRole('link', { name: 'Download CSV' }).getAttribute('href'));
  assert.equal((await file.text()).trim().split('\r\n').length, expected + 1);
  await page.getByLabel('Also users without a trace in this period').check();
  await page.waitForURL(/everybody=true/);
  assert.equal((await names(page)).length, PEOPLE.length);
  assert.match(await page.locator('#tally').innerText(), new RegExp(`^${PEOPLE.length} users in all, ${expected} active and `));
}));

test('every column that can be sorted sorts', LIMITS, stage.page(async ({ page }) => {
  await openUsers(page);
  const columns = await page.locator('thead th a').count();
  assert.equal(columns, 10);
  for (let at = 0; at < columns; at += 1) {
    await page.locator('thead th a').nth(at).click();
    await page.waitForLoadState();
    assert.equal(await page.locator('th[aria-sort]').count(), 1);
    assert.equal((await names(page)).length, PEOPLE.length);
  }
}));

test('a click on what users are called sorts them from A on, and the next one from Z', LIMITS, stage.page(async ({ page }) => {
  await openUsers(page);
  const shown = [];
  for (const direction of ['ascending', 'descending']) {
    await page.locator('thead th a').first().click();
    await page.locator(`th[aria-sort=${direction}]`).waitFor();
    shown.push((await names(page)).map((name) => name.toLowerCase()));
  }
  assert.deepEqual(shown[0], shown[0].toSorted());
  assert.deepEqual(shown[1], shown[0].toReversed());
}));

test('typing finds a user while one types, and the address holds the search', LIMITS, stage.page(async ({ page }) => {
  await openUsers(page);
  const answered = page.waitForResponse((answer) => answer.url().includes('search=acme'));
  await page.getByRole('searchbox', { name: /Search users/ }).pressSequentially('acme.com', { delay: 15 });
  await answered;
  await page.locator('#live tbody tr').nth(1).waitFor({ state: 'detached' });
  assert.deepEqual(await names(page), [JOHN.name]);
  assert.match(await page.getByRole('status').first().innerText(), /^1 match among \d+ users active in /);
  const csv = page.getByRole('link', { name: 'Download CSV' });
  assert.match(await csv.getAttribute('href'), /search=acme/, 'the CSV is of what is listed');
  await page.waitForURL(/search=acme/);
  await page.reload();
  assert.deepEqual(await names(page), [JOHN.name]);
  await page.getByRole('searchbox', { name: /Search users/ }).fill('nobody at all');
  await page.getByRole('heading', { name: 'Nobody matches' }).waitFor();
}));

test('metadata filters, and a filter can be taken away', LIMITS, stage.page(async ({ page }) => {
  await openUsers(page);
  await page.getByText('Filter', { exact: true }).click();
  await page.getByLabel('Metadata key').fill('plan');
  await page.getByLabel('Value').fill('enterprise');
  await page.getByRole('button', { name: 'Add filter' }).click();
  await page.getByRole('link', { name: /plan = enterprise/ }).waitFor();
  assert.deepEqual((await names(page)).sort(), PEOPLE.filter((one) => one.metadata?.plan === 'enterprise').map((one) => one.name).sort());
  await page.getByRole('link', { name: /plan = enterprise/ }).click();
  await page.waitForLoadState();
  assert.equal((await names(page)).length, PEOPLE.length);
}));

test('the search box lands on what was pasted', LIMITS, stage.page(async ({ page, server }) => {
  const { project, user, trace, session } = await stage.ids();
  const { externalId } = await server.read(`/v1/sessions/${session}`);
  for (const [text, path] of [
    [JOHN.email.toUpperCase(), `/users/${user}`],
    [JOHN.id, `/users/${user}`],
    [externalId, `/sessions/${session}`],
    [trace, `/traces/${trace}`],
  ]) {
    await page.goto(`/?projectId=${project}`);
    await page.keyboard.press('/');
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname === path);
  }
  await page.getByRole('searchbox', { name: /words of an error/ }).fill('rate limit of the provider');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Failed traces', exact: true }).waitFor();
  await page.getByText('Failed', { exact: true }).first().waitFor();
}));

test('what a search found names its period, and leads to a longer one if more failed before', LIMITS, stage.page(async ({ page }) => {
  const { project } = await stage.ids();
  const panel = page.locator('section', { has: page.getByRole('heading', { name: 'Failed traces', exact: true }) });
  const count = async () => {
    await page.locator('#found-traces tbody tr').first().waitFor();
    return page.locator('#found-traces tbody tr').count();
  };
  await page.goto(`/search?projectId=${project}&q=tool%20search_orders&period=24h`);
  const few = await count();
  assert.match(await panel.locator('header').innerText(), /in the last 24 hours/);
  await panel.getByRole('link', { name: 'search the last 366 days' }).click();
  await page.waitForURL((url) => url.pathname === '/search' && url.searchParams.has('from'));
  assert.ok(await count() > few);
  assert.match(await panel.locator('header').innerText(), /from \w{3} \d/);
  assert.equal(await panel.getByRole('link', { name: /366 days/ }).count(), 0, 'nothing is outside');
}));

test('from the overview to John and his failed traces it is three clicks', LIMITS, stage.page(async ({ page, server }) => {
  const { project, user } = await stage.ids();
  await page.goto(`/?projectId=${project}`);
  await page.getByRole('link', { name: 'Users', exact: true }).click();
  await page.getByRole('link', { name: JOHN.name, exact: true }).first().click();
  await page.waitForURL((url) => url.pathname === `/users/${user}`);
  await page.getByLabel('Failed traces only').check();
  await page.waitForURL(/level=ERROR/);
  const { items } = await server.read(`/v1/users/${user}/traces?level=ERROR&limit=25`);
  assert.ok(items.length > 0);
  const shown = await page.locator('#traces tbody tr .main-link').evaluateAll((links) => links.map((link) => new URL(link.href).pathname.split('/').pop()));
  assert.deepEqual(shown.map(decodeURIComponent), items.map((one) => one.id));
}));

test('the card and the charts say what the API says', LIMITS, stage.page(async ({ page, server }) => {
  const user = await openJohn(page);
  await page.locator('.chart.ready').nth(3).waitFor();
  const days = await server.read(`/v1/users/${user}/analytics?days=30`);
  for (const [id, field] of [['traces', 'traceCount'], ['cost', 'totalCost'], ['tokens', 'totalTokens'], ['errors', 'errorCount']]) {
    const chart = JSON.parse(await page.locator(`#chart-${id}`).getAttribute('data-chart'));
    assert.deepEqual(chart.series[0].values, days.map((day) => day[field]), id);
    assert.equal(new Date(chart.x[0] * 1000).toISOString().slice(0, 10), days[0].date);
    assert.equal(await page.locator(`#chart-${id} canvas`).count(), 1);
  }
  const stats = await server.read(`/v1/users/${user}?statsFrom=${days[0].date}&tz=UTC`);
  const card = (label) => page.locator('.stat', { hasText: label }).locator('dd span').first().getAttribute('title');
  assert.equal(await card('Total Traces'), String(stats.traceCount));
  assert.equal((await card('Total Cost')).split(',')[0], `$${stats.totalCostUsd}`);
  assert.equal(await card('Error Rate'), `${stats.errorRate.toFixed(6)}%`);
  assert.equal(await card('Avg Latency'), `${stats.avgLatencyMs.toFixed(3)} ms`);
}));

test('sessions are counted and open', LIMITS, stage.page(async ({ page, server }) => {
  const user = await openJohn(page);
  const { sessionCount, sessions } = await server.read(`/v1/users/${user}`);
  await page.getByRole('heading', { name: `Sessions of all time: ${sessionCount}` }).waitFor();
  const panel = page.locator('section', { has: page.getByRole('heading', { name: `Sessions of all time: ${sessionCount}` }) });
  const rows = await panel.locator('tbody td:first-child').allInnerTexts();
  assert.deepEqual(rows.map((text) => text.trim()), sessions.map((one) => `${one.name ?? one.externalId} (${one.traceCount} trace${one.traceCount === 1 ? '' : 's'})`));
  await panel.locator('.main-link').first().click();
  await page.getByRole('heading', { name: 'Conversation' }).waitFor();
  assert.ok(await page.locator('.turn').count() > 0);
}));

test('the tile of sessions is of the period and says how many there ever were', LIMITS, stage.page(async ({ page, server }) => {
  const { project, user } = await stage.ids();
  const day = new Date().toISOString().slice(0, 10);
  await page.goto(`/users/${user}?projectId=${project}&from=${day}&to=${day}&tz=UTC`);
  const now = await server.read(`/v1/users/${user}?statsFrom=${day}&tz=UTC`);
  const ever = await server.read(`/v1/users/${user}`);
  assert.ok(now.sessionCount < ever.sessionCount);
  const tile = page.locator('.stat', { has: page.getByText('Sessions', { exact: true }) });
  assert.equal(await tile.locator('dd').first().innerText(), String(now.sessionCount));
  assert.equal(await tile.locator('.more').innerText(), `of ${ever.sessionCount} of all time`);
  await page.getByRole('link', { name: /^Those on \w{3} \d+, \d{4}$/ }).click();
  await page.waitForURL((url) => url.pathname === '/sessions' && url.searchParams.get('user') === user);
  assert.equal(await page.locator('#live tbody tr').count(), now.sessionCount);
}));

test('sessions, traces and what was found name users as the list of users does', LIMITS, stage.page(async ({ page, server }) => {
  const { project } = await stage.ids();
  const { items } = await server.read('/v1/users?limit=100');
  const called = new Map(items.map((user) => [user.id, user.name ?? user.email ?? user.externalId]));
  const search = `/search?q=rate%20limit&projectId=${project}`;
  for (const path of [`/sessions?projectId=${project}`, `/traces?projectId=${project}`, search]) {
    await page.goto(path);
    await page.locator('td.clip-text').first().waitFor();
    const links = await page.locator('td.clip-text:nth-child(2) a, td.clip-text:nth-child(3) a').evaluateAll((all) => all.map((link) => [new URL(link.href).pathname, link.textContent]));
    const users = links.filter(([link]) => link.startsWith('/users/'));
    assert.ok(users.length > 0, path);
    for (const [link, text] of users) {
      assert.equal(text, called.get(link.split('/').pop()), path);
    }
  }
  await page.locator('td.clip-text a').first().click();
  await page.waitForURL(/\/users\/usr_/);
}));

test('markup in a name is text', LIMITS, stage.page(async ({ page }) => {
  await openUsers(page, `&search=${MARKUP.email}`);
  assert.deepEqual(await names(page), [MARKUP.name]);
  assert.notEqual(await page.title(), 'owned');
  await page.locator('#live .main-link').click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), MARKUP.name);
}));

test('keys walk the rows and open one', LIMITS, stage.page(async ({ page }) => {
  await openUsers(page);
  const all = await names(page);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/users\/usr_/);
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), all[1]);
}));

test('a period, a zone and a sort survive from page to page by the address alone', LIMITS, stage.page(async ({ page, watch }) => {
  watch.expect(/status of 400/);
  const { project } = await stage.ids();
  await page.goto(`/users?projectId=${project}&period=7d&tz=Asia%2FTokyo&sortBy=totalCost`);
  assert.equal(await page.locator('.segments a[aria-current]').first().innerText(), '7 days');
  await page.locator('#live .main-link').first().click();
  await page.waitForURL(/period=7d.*tz=Asia%2FTokyo/);
  const chart = JSON.parse(await page.locator('#chart-traces').getAttribute('data-chart'));
  assert.equal(chart.x.length, 7);
  assert.equal(new Date(chart.x[0] * 1000).getUTCHours(), 15);
  await page.goto(`/users?projectId=${project}&period=8d`).then((answer) => assert.equal(answer.status(), 400));
}));

test('everything can be read without scripts', LIMITS, stage.page(async ({ page }) => {
  await openUsers(page, '&sortBy=totalCost');
  assert.equal((await names(page)).length, PEOPLE.length);
  await page.locator('#live .main-link').first().click();
  assert.ok(await page.locator('#chart-traces svg.plain').isVisible());
  assert.ok(await page.locator('#traces tbody tr').count() > 0);
}, { context: { javaScriptEnabled: false } }));
