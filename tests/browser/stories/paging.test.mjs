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

test('a CSV of the list has everybody with the sums of the page', LIMITS, stage.page(async ({ page }) => {
  await page.goto('/users?sortBy=totalCost');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download CSV' }).click()]);
  const [first, last] = await page.locator('.period input[type=date]').evaluateAll((fields) => fields.map((field) => field.value));
  assert.equal(download.suggestedFilename(), `default-users-${first}..${last}.csv`);
  const lines = (await (await download.createReadStream()).toArray()).join('').trim().split('\r\n');
  assert.equal(lines.length, USERS + 1);
  assert.match(lines[0], /^userId,externalId,name,email,firstSeenAt,lastSeenAt,traceCount,/);
}));
