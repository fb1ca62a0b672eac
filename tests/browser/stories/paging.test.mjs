// Lists that are longer than a page: everybody is met once, forwards, and back again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage();
const USERS = 120;
const trace = (n) => ({
  trace_id: `page-${n}`, name: 'chat', user_id: `user-${String(n).padStart(3, '0')}`,
  spans: [{ name: 'llm', type: 'generation', model: 'gpt-4o', total_cost: (n % 7) / 100 }],
});

test('pages of users by cost meet everybody once, in the order of the API', LIMITS, stage.page(async ({ page, server }) => {
  await server.feed(Array.from({ length: USERS }, (_, n) => trace(n)));
  await page.goto('/users?sortBy=totalCost');
  const met = [];
  for (let turn = 0; turn < 5; turn += 1) {
    met.push(...(await page.locator('#live tbody .main-link').allInnerTexts()));
    const next = page.getByRole('link', { name: 'Next page' });
    if ((await next.count()) === 0) {
      break;
    }
    await next.click();
    await page.waitForURL(/cursor=/);
    await page.waitForLoadState();
  }
  const wanted = [];
  for (let cursor = ''; cursor !== null; ) {
    const { items, nextCursor } = await server.read(`/v1/users?sortBy=totalCost&limit=100${cursor && `&cursor=${cursor}`}`);
    wanted.push(...items.map((user) => user.externalId));
    cursor = nextCursor;
  }
  assert.equal(wanted.length, USERS);
  assert.deepEqual(met, wanted);
  await page.getByRole('link', { name: 'First page' }).click();
  await page.waitForURL((url) => !url.searchParams.has('cursor'));
  assert.equal(await page.locator('#live tbody .main-link').first().innerText(), wanted[0]);
}));

for (const javaScriptEnabled of [true, false]) {
  test(`the way back leads over the same pages, scripts: ${javaScriptEnabled}`, LIMITS, stage.page(async ({ page }) => {
    const names = () => page.locator('#live tbody .main-link').allInnerTexts();
    const turn = async (name) => {
      const before = page.url();
      await page.getByRole('link', { name }).click();
      await page.waitForURL((url) => url.href !== before);
      return names();
    };
    await page.goto('/users?sortBy=totalCost');
    const first = await names();
    assert.equal(await page.getByRole('link', { name: 'Previous page' }).count(), 0);
    const second = await turn('Next page');
    const third = await turn('Next page');
    assert.equal(new Set([...first, ...second, ...third]).size, USERS);
    // The address alone holds it.
    await page.goto(page.url());
    assert.deepEqual(await turn('Previous page'), second);
    assert.deepEqual(await turn('Previous page'), first);
    const url = new URL(page.url());
    assert.deepEqual([url.searchParams.has('cursor'), url.searchParams.has('trail')], [false, false]);
    assert.equal(url.searchParams.get('sortBy'), 'totalCost');
  }, { context: { javaScriptEnabled } }));
}

test('every list that has pages leads back', LIMITS, stage.page(async ({ page, server }) => {
  const more = (n) => ({ ...trace(200 + n), session_id: n < 25 ? 'long' : `talk-${n}`, user_id: 'user-000' });
  await server.feed(Array.from({ length: 90 }, (_, n) => more(n)));
  const { items: [user] } = await server.read('/v1/users?search=user-000');
  const { items: sessions } = await server.read('/v1/sessions?limit=100');
  const long = sessions.find((one) => one.externalId === 'long').id;
  // Each is a line of the audit log.
  for (let n = 0; n < 60; n += 1) {
    await server.call('PATCH', `/v1/users/${user.id}`, { name: `name ${n}` });
  }
  for (const path of ['/sessions', '/traces', '/costs', '/audit', `/users/${user.id}`, `/sessions/${long}`]) {
    await page.goto(path);
    const first = page.url();
    for (const [name, back] of [['Next page', 'Previous page'], ['Next page', 'First page']]) {
      await page.getByRole('link', { name }).click();
      await page.waitForURL(/trail=1/);
      // Much stands above a user's traces.
      assert.equal(new URL(page.url()).hash, path.startsWith('/users/') ? '#traces' : '');
      await page.getByRole('link', { name: back }).click();
      await page.waitForURL((url) => !url.searchParams.has('trail'));
      assert.ok(!/cursor=|before=/.test(page.url()), page.url());
      assert.equal(new URL(page.url()).pathname, new URL(first).pathname);
    }
  }
}));

test('costs of several pages say that the total is rounded, those of one where the exact ones are', LIMITS, stage.page(async ({ page }) => {
  await page.goto('/costs');
  assert.match(await page.locator('tr.total td').first().innerText(), /^Total of all pages, rounded$/);
  await page.getByText('those of all pages may differ from the total in its last decimals').waitFor();
  await page.goto('/costs?groupBy=model');
  assert.equal(await page.locator('tr.total td').first().innerText(), 'Total');
  await page.getByText(/Point at an amount for the exact one|Amounts are rounded one by one/).waitFor();
}));

test('a CSV of the list has everybody with the sums of the page', LIMITS, stage.page(async ({ page }) => {
  await page.goto('/users?sortBy=totalCost');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download CSV' }).click()]);
  const [first, last] = await page.locator('.period input[type=date]').evaluateAll((fields) => fields.map((field) => field.value));
  assert.equal(download.suggestedFilename(), `default-users-${first}..${last}.csv`);
  const lines = (await (await download.createReadStream()).toArray()).join('').trim().split('\r\n');
  assert.equal(lines.length, USERS + 1);
  assert.match(lines[0], /^userId,externalId,name,email,firstSeenAt,lastSeenAt,traceCount,/);
}));
