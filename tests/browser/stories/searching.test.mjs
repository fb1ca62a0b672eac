// A search that finds little goes on by itself, a bounded stretch at a time, until it is through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage();
// More than two pages look through.
const TRACES = 8_500;
const NEWEST = Date.now();
const trace = (n) => ({
  trace_id: `many-${n}`, name: 'chat', session_id: `talk-${n}`, user_id: `user-${n % 50}`, timestamp: NEWEST - n * 1000,
  spans: [{ name: 'llm', level: 'ERROR', status_message: n === TRACES - 1 ? 'the glacier melted' : 'too warm' }],
});

const links = (page, part) => page.locator(`${part} tbody .main-link`);

test('the oldest of many traces is found from the search box, without a click', LIMITS, stage.page(async ({ page, server }) => {
  await server.feed(Array.from({ length: TRACES }, (_, n) => trace(n)));
  await page.goto('/search?q=GLACIER');
  await page.locator('#found-traces').getByText('the glacier melted').first().waitFor();
  assert.equal(await links(page, '#found-traces').count(), 1);
  await page.getByText('No session matches').waitFor();
  assert.match(page.url(), /\/search\?q=GLACIER/);
}));

test('what is called exactly so is opened, however many come after it', LIMITS, stage.page(async ({ page }) => {
  await page.goto(`/search?q=talk-${TRACES - 1}`);
  await page.waitForURL((url) => url.pathname.startsWith('/sessions/'));
  await page.getByText(`talk-${TRACES - 1}`).first().waitFor();
}));

test('sessions are looked through to the end', LIMITS, stage.page(async ({ page }) => {
  await page.goto(`/sessions?search=lk-${TRACES - 1}`);
  await page.waitForFunction(() => document.querySelector('#found-sessions tbody .main-link') !== null);
  assert.deepEqual(await links(page, '#found-sessions').allInnerTexts(), [`talk-${TRACES - 1}`]);
}));

test('a search without match says so when it is through; another one may be typed meanwhile', LIMITS, stage.page(async ({ page }) => {
  await page.goto('/traces?search=nowhere');
  await page.getByRole('heading', { name: 'No trace matches' }).waitFor();
  await page.getByRole('link', { name: 'Clear the filter' }).waitFor();
  await page.goto('/traces');
  const search = page.getByRole('searchbox', { name: /Search traces/ });
  await search.fill('nowhere');
  await page.waitForResponse((answer) => answer.url().includes('search=nowhere') && answer.url().includes('cursor='));
  await search.fill('glacier');
  await page.locator('#found-traces').getByText('the glacier melted').first().waitFor();
  await page.waitForTimeout(500);
  assert.equal(await links(page, '#found-traces').count(), 1, 'the answer to the older question does not come over it');
}));

test('without JavaScript each stretch has a link to the next', LIMITS, stage.page(async ({ page }) => {
  await page.goto('/search?q=glacier');
  await page.getByRole('link', { name: 'Look through the failed traces' }).click();
  for (let step = 0; step < 2; step += 1) {
    await page.locator('.no-js', { hasText: 'Nothing since ' }).waitFor();
    await page.getByRole('link', { name: 'Look further back' }).click();
  }
  await page.locator('#found-traces').getByText('the glacier melted').first().waitFor();
}, { context: { javaScriptEnabled: false } }));
