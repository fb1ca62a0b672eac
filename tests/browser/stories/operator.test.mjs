// What only the operator sees: how much there is in all projects.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invite } from '../harness/account.mjs';
import { JOHN } from '../harness/sample/people.mjs';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });

test('the operator sees how much there is in all projects, and nothing of what', LIMITS, stage.page(async ({ page, server }) => {
  await page.goto('/workspaces/new');
  await page.locator('input[name=name]').fill('empty-space');
  await page.getByRole('button', { name: 'Make the workspace' }).click();
  await page.goto('/');
  await page.getByRole('link', { name: 'Installation', exact: true }).click();
  await page.waitForURL(/\/installation/);
  const summary = await server.read('/v1/users/summary');
  const { total } = await server.read('/v1/costs?groupBy=user');
  const figure = (name) => page.locator('.stat', { has: page.getByText(name, { exact: true }) }).locator('dd span').first();
  const number = async (name) => Number((await figure(name).getAttribute('title')).replaceAll(',', ''));
  assert.equal(await number('End users'), summary.totalUsers);
  assert.equal(await number('Traces'), total.traceCount);
  assert.equal(await number('Spans'), total.spanCount);
  assert.equal(await number('Workspaces'), 2);
  assert.equal(await number('Projects'), 1);
  const panel = (name) => page.locator('section', { has: page.getByRole('heading', { name, exact: true }) });
  assert.equal(await panel('Projects').locator('tbody tr').count(), 1);
  const { items } = await server.read('/v1/developers');
  const developers = panel('Developers').locator('tbody tr');
  assert.deepEqual(await developers.locator('small').allInnerTexts(), items.map((it) => it.developerId));
  assert.equal(await developers.first().locator('td span').first().innerText(), 'default');
  const counts = await developers.locator('td:nth-child(2) span').evaluateAll((all) => all.map((one) => Number(one.title.replaceAll(',', ''))));
  assert.ok(counts.length > 0 && counts[0] > 1, String(counts));
  const words = await page.locator('main').innerText();
  assert.ok(!words.includes(JOHN.name) && !words.includes('$'), words);
  await page.locator('tbody').getByRole('link').click();
  await page.waitForURL(/\/\?projectId=/);
}));

test('for an owner who is not the operator there is no such page', LIMITS, stage.page(async ({ page }) => {
  const owner = await invite(stage, page, 'olga@example.com', 'OWNER');
  await owner.goto('/account');
  assert.equal(await owner.getByRole('link', { name: /installation/i }).count(), 0);
  assert.equal((await owner.goto('/installation')).status(), 404);
  await owner.context().close();
}));
