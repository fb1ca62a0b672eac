// What a page says while the server does not answer: a search that failed, a list that is no longer renewed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage();
const trace = (id) => ({ trace_id: id, name: id, user_id: `user-${id}`, session_id: `talk-${id}`, spans: [{ name: 'llm' }] });
const away = (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"status":503}' });
/** Requests of scripts for pages, not the pages themselves. */
const parts = (url) => /^\/(users|sessions|traces)/.test(url.pathname);
const unlessWhole = (answer) => (route) => (route.request().isNavigationRequest() ? route.continue() : answer(route));

test('a search that fails says so in place of the list, and its words are not in the address', LIMITS, stage.page(async ({ page, server, watch }) => {
  watch.expect(/status of 503|ERR_FAILED/);
  await server.feed(['apple', 'berry'].map(trace));
  const { items } = await server.read('/v1/users?search=user-apple');
  for (const path of ['/users', '/sessions', '/traces', `/users/${items[0].id}`]) {
    await page.goto(path);
    const address = page.url();
    const rows = page.locator('main tbody tr', { has: page.locator('[href^="/traces/"], [href^="/users/"], [href^="/sessions/"]') }).filter({ hasText: 'apple' });
    await rows.first().waitFor();
    const search = page.locator('main input[type=search]');
    for (const answer of [away, (route) => route.abort()]) {
      await page.route(parts, unlessWhole(answer));
      await search.fill(answer === away ? 'berry' : 'berr');
      await page.getByRole('alert').getByText('The search did not work; try again.').waitFor();
      assert.equal(await page.getByRole('alert').count(), 1);
      assert.ok(await page.locator(await search.getAttribute('hx-target')).isHidden(), path);
      assert.equal(page.url(), address, path);
      await page.unroute(parts);
    }
    await search.fill('apple');
    await page.waitForURL(/search=apple/);
    await rows.first().waitFor();
    assert.equal(await page.getByRole('alert').count(), 0, path);
  }
}));

test("a user's traces are searched while one types", LIMITS, stage.page(async ({ page, server }) => {
  await server.feed(['pear', 'plum'].map((id) => ({ ...trace(id), user_id: 'gardener' })));
  const { items } = await server.read('/v1/users?search=gardener');
  await page.goto(`/users/${items[0].id}`);
  await page.locator('#found-traces tbody tr').nth(1).waitFor();
  const search = page.getByRole('searchbox', { name: "Search this user's traces" });
  await search.pressSequentially('plu');
  await page.waitForFunction(() => document.querySelectorAll('#found-traces tbody tr').length === 1);
  assert.equal(await page.locator('#found-traces .main-link').innerText(), 'plum');
  assert.match(page.url(), /\/users\/usr_\w+\?.*search=plu/);
  assert.ok(await search.evaluate((box) => box === document.activeElement));
}));

test('a list that twice could not be renewed says since when, until it is renewed', LIMITS, stage.page(async ({ page, watch }) => {
  watch.expect(/status of 503/);
  await page.clock.install();
  await page.goto('/traces');
  await page.locator('#live tbody tr').first().waitFor();
  const stale = page.getByRole('status').filter({ hasText: 'Not refreshed since' });
  const round = async () => {
    const answered = page.waitForResponse((answer) => new URL(answer.url()).pathname === '/traces');
    await page.clock.runFor(10_000);
    await answered;
    await page.waitForTimeout(300);
  };
  await page.route(parts, unlessWhole(away));
  await round();
  assert.equal(await stale.count(), 0, 'once is nothing yet');
  await round();
  assert.match(await stale.innerText(), /^Not refreshed since \d\d:\d\d$/);
  assert.ok(await page.locator('#live tbody tr').first().isVisible());
  await round();
  assert.equal(await stale.count(), 1);
  await page.unroute(parts);
  await round();
  await stale.waitFor({ state: 'detached' });
}));

test('what was just done is said once and is not in the address', LIMITS, stage.page(async ({ page }) => {
  for (const done of ['saved', 'erased', 'unlinked', 'priced']) {
    await page.goto(`/users?period=7d&done=${done}`);
    await page.locator('.notice[role=status]').waitFor();
    await page.waitForURL((url) => !url.search.includes('done') && url.search.includes('period=7d'));
  }
  await page.reload();
  await page.locator('#live').waitFor();
  assert.equal(await page.locator('.notice').count(), 0);
}));
