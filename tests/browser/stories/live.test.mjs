// Pages that change by themselves: the quick start becomes the overview, charts grow, nothing jumps.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage();

const trace = (n) => ({
  trace_id: `live-${n}`, name: 'chat', user_id: 'live-user',
  spans: [{ name: 'llm', type: 'generation', model: 'gpt-4o', usage: { prompt_tokens: 10, completion_tokens: 5 } }],
});

test('the quick start shows the key and waits; the first trace turns it into the overview', LIMITS, stage.page(async ({ page, server }) => {
  await page.goto('/');
  await page.getByRole('heading', { name: 'Send the first trace' }).waitFor();
  assert.ok((await page.locator('#s-curl').innerText()).includes(`${server.url}/v1/traces`));
  assert.match(await page.locator('#s-key').innerText(), /co_sk_\w{4}…/);
  await server.feed([trace(1)]);
  await page.getByRole('heading', { name: 'Overview' }).waitFor({ timeout: 40_000 });
  await page.locator('.chart.ready').first().waitFor();
}));

test('a list refreshes in place: the scroll stays, and what somebody types stays', LIMITS, stage.page(async ({ page, server }) => {
  await server.feed([trace(1)]);
  await page.goto('/traces');
  await page.locator('#live tbody tr').first().waitFor();
  const before = await page.locator('#live tbody tr').count();
  await page.getByRole('searchbox', { name: /Search traces/ }).focus();
  await page.evaluate(() => { document.querySelector('#live').dataset.seen = 'yes'; window.marked = document.querySelector('#live tbody tr'); });
  await server.feed([trace(2), trace(3)]);
  await page.locator('#live tbody tr').nth(before + 1).waitFor({ timeout: 40_000 });
  assert.ok(await page.evaluate(() => document.activeElement.type === 'search'));
}));

test('what stands over the list of users is renewed with it', LIMITS, stage.page(async ({ page, server }) => {
  await server.feed([trace(1)]);
  await page.goto('/users');
  assert.match(await page.locator('#tally').innerText(), /^1 active /);
  await page.evaluate(() => document.querySelector('#csv').setAttribute('href', '/stale'));
  await server.feed([{ ...trace(4), user_id: 'another-user' }]);
  await page.locator('#live tbody tr').nth(1).waitFor({ timeout: 40_000 });
  assert.match(await page.locator('#tally').innerText(), /^2 active .*, 2 in all$/);
  assert.match(await page.locator('#csv').getAttribute('href'), /^\/users\.csv\?/);
  assert.equal(await page.locator('#tally, #csv').count(), 2);
}));

test('an hour with nothing beside it is a point in a line', LIMITS, stage.page(async ({ page, server }) => {
  const start = Date.now() - 7 * 3_600_000;
  await server.feed([{ ...trace(5), timestamp: start, spans: [{ name: 'llm', start_time: start, end_time: start + 900 }] }]);
  await page.goto('/?period=24h');
  const chart = page.locator('#chart-latency.ready');
  await chart.waitFor();
  const values = JSON.parse(await chart.getAttribute('data-chart')).series[0].values;
  const at = values.findIndex((n) => n !== null);
  assert.deepEqual([values[at - 1], values[at + 1]], [null, null]);
  const painted = await chart.locator('canvas').evaluate((canvas) => {
    const paint = canvas.getContext('2d');
    paint.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--c4').trim();
    const [red, green, blue] = [1, 3, 5].map((from) => parseInt(paint.fillStyle.slice(from, from + 2), 16));
    const { data } = paint.getImageData(0, 0, canvas.width, canvas.height);
    const near = (n) => [red, green, blue].every((want, i) => Math.abs(data[n + i] - want) < 24) && data[n + 3] > 200;
    return data.reduce((count, _, n) => count + (n % 4 === 0 && near(n) ? 1 : 0), 0);
  });
  assert.ok(painted >= 12, `${painted} pixels`);
}));
