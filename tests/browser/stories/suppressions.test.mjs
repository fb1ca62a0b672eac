// Erased ids, which admins let be people again, and nobody else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invite } from '../harness/account.mjs';
import { NAMELESS } from '../harness/sample/people.mjs';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });

test('an erased id is listed by its tombstone, and a person again once that is lifted', LIMITS, stage.page(async ({ page, server, watch }) => {
  const { project } = await stage.ids();
  const user = await server.read(`/v1/users/by-external-id/${NAMELESS.id}`);
  assert.equal((await server.call('DELETE', `/v1/users/${user.id}?mode=erase`)).status, 200);
  await page.goto(`/settings?projectId=${project}`);
  await page.getByRole('link', { name: 'Erased users' }).click();
  await page.getByText(/1 id suppressed/).waitFor();
  assert.equal(await page.locator('tbody code').innerText(), user.id);
  watch.expect(/status of 422/);
  await page.getByLabel(/^Your id of the user/).fill('somebody else');
  await page.getByRole('button', { name: 'Lift the suppression' }).click();
  await page.getByText('This id is not suppressed.').waitFor();
  const field = page.getByLabel(/^Your id of the user/);
  assert.deepEqual([await field.inputValue(), await field.getAttribute('aria-invalid')], ['somebody else', 'true']);
  const speak = (id) => server.feed([{ trace_id: id, name: 'a word', user_id: NAMELESS.id, spans: [] }]);
  const { status } = await server.call('POST', '/v1/traces', { trace_id: 't-while', name: 'a word', user_id: NAMELESS.id, spans: [] });
  assert.equal(status, 202);
  assert.equal((await server.call('GET', `/v1/users/by-external-id/${NAMELESS.id}`)).status, 404);
  await field.fill(NAMELESS.id);
  await page.getByRole('button', { name: 'Lift the suppression' }).click();
  await page.getByRole('status').getByText(/suppression was lifted/).waitFor();
  await page.getByText('Nobody is suppressed').waitFor();
  await speak('t-after');
  const again = await server.read(`/v1/users/by-external-id/${NAMELESS.id}`);
  assert.notEqual(again.id, user.id);
  assert.equal(again.traceCount, 1, 'what was erased, or counted without a person, stays so');
  await page.goto(`/audit?projectId=${project}`);
  const line = page.locator('tbody tr', { hasText: 'suppression.lift' });
  assert.match(await line.innerText(), /admin|@/);
  assert.ok(!(await page.content()).includes(NAMELESS.id));
}));

test('a member neither sees nor lifts suppressions', LIMITS, stage.page(async ({ page }) => {
  const member = await invite(stage, page, 'mona@example.com', 'MEMBER');
  const { project } = await stage.ids();
  await member.goto(`/settings?projectId=${project}`);
  assert.equal(await member.getByRole('link', { name: 'Erased users' }).count(), 0);
  assert.equal((await member.goto(`/settings/suppressions?projectId=${project}`)).status(), 403);
  await member.context().close();
}));
