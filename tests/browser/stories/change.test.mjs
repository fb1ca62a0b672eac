// What the pages change: profiles, deletions, settings, prices; who may not; and what is asked before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AWKWARD_ID, JOHN, NAMELESS } from '../harness/sample/people.mjs';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });
const find = (server, id) => server.read(`/v1/users/by-external-id/${encodeURIComponent(id)}`);

async function open(page, server, id, rest = '') {
  const { project } = await stage.ids();
  const user = await find(server, id);
  await page.goto(`/users/${user.id}${rest}?projectId=${project}`);
  return user;
}

test('a profile is edited, and what is wrong is said beside its field', LIMITS, stage.page(async ({ page, server, watch }) => {
  await open(page, server, JOHN.id);
  await page.getByRole('link', { name: 'Edit', exact: true }).first().click();
  await page.locator('input[name=name]').fill('John D. Doe');
  await page.locator('input[name=email]').fill('not an address');
  watch.expect(/status of 422/);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText(/E-mail must be an e-mail address/).waitFor();
  assert.equal(await page.locator('input[name=name]').inputValue(), 'John D. Doe');
  await page.locator('input[name=email]').fill('john.doe@acme.com');
  await page.getByLabel(/^Metadata/).fill('{"plan": "pro", "seats": 1.10}');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('status').getByText('Saved.').waitFor();
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'John D. Doe');
  const user = await find(server, JOHN.id);
  assert.deepEqual([user.name, user.email, user.metadata], ['John D. Doe', 'john.doe@acme.com', { plan: 'pro', seats: 1.1 }]);
}));

test('unlinking says what will happen, asks for the id, and keeps the traces', LIMITS, stage.page(async ({ page, server, watch }) => {
  const before = await server.read('/v1/costs?groupBy=user');
  const user = await open(page, server, AWKWARD_ID.id, '/delete');
  await page.getByText(/count as spend without a user/).waitFor();
  const unlink = page.locator('form', { has: page.getByRole('button', { name: 'Unlink this user' }) });
  await unlink.getByLabel(/to confirm/).fill('somebody else');
  watch.expect(/status of 422/);
  await unlink.getByRole('button').click();
  await page.getByRole('alert').getByText(/nothing was unlinked/).waitFor();
  await unlink.getByLabel(/to confirm/).fill(AWKWARD_ID.id);
  await unlink.getByRole('button').click();
  await page.getByRole('status').getByText(/was unlinked/).waitFor();
  const after = await server.read('/v1/costs?groupBy=user');
  assert.equal(after.unattributed.traceCount, before.unattributed.traceCount + user.traceCount);
  assert.equal(after.total.totalCostUsd, before.total.totalCostUsd);
}));

test('erasing asks for the id, and keeps the sums under nobody', LIMITS, stage.page(async ({ page, server, watch }) => {
  const before = await server.read('/v1/costs?groupBy=user');
  await open(page, server, NAMELESS.id, '/delete');
  const erase = page.locator('form', { has: page.getByRole('button', { name: 'Erase this user' }) });
  await erase.getByLabel(/to confirm/).fill('somebody else');
  watch.expect(/status of 422/);
  await page.getByRole('button', { name: 'Erase this user' }).click();
  await page.getByRole('alert').getByText(/nothing was erased/).waitFor();
  await erase.getByLabel(/to confirm/).fill(NAMELESS.id);
  await page.getByRole('button', { name: 'Erase this user' }).click();
  await page.getByRole('status').getByText(/was erased/).waitFor();
  const after = await server.read('/v1/costs?groupBy=user');
  assert.equal(after.total.totalCostUsd, before.total.totalCostUsd);
  assert.equal(after.rows.filter((row) => row.erased).length, 1);
  assert.ok(!(await page.content()).includes(NAMELESS.id));
  await page.getByRole('status').getByRole('link', { name: 'Erased users' }).click();
  await page.getByText(/1 id suppressed/).waitFor();
}));

test('a form from elsewhere is refused, with or without the token', LIMITS, stage.page(async ({ page, server, context, watch }) => {
  watch.expect(/status of 403/);
  const user = await open(page, server, JOHN.id, '/edit');
  const { project } = await stage.ids();
  const token = await page.locator('form[method=post] input[name=formToken]').first().inputValue();
  const url = `${server.url}/users/${user.id}/delete?projectId=${project}`;
  for (const [headers, form] of [
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' }, { mode: 'unlink', formToken: token }],
    [{ 'sec-fetch-site': 'same-origin' }, { mode: 'unlink' }],
    [{ 'sec-fetch-site': 'same-origin' }, { mode: 'unlink', formToken: 'x'.repeat(43) }],
  ]) {
    const answer = await context.request.post(url, { headers, form, maxRedirects: 0 });
    assert.equal(answer.status(), 403, JSON.stringify(headers));
  }
  assert.equal((await find(server, JOHN.id)).id, user.id);
}));

test('a workspace says no to product events on its page of settings, and takes it back', LIMITS, stage.page(async ({ page, server }) => {
  const { project } = await stage.ids();
  const box = page.getByLabel('Capture product events of this workspace');
  for (const wanted of [false, true]) {
    await page.goto(`/settings?projectId=${project}`);
    assert.equal(await box.isChecked(), !wanted);
    await box.setChecked(wanted);
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByRole('status').getByText('Saved.').waitFor();
    assert.equal(await box.isChecked(), wanted);
    assert.equal((await server.read('/v1/telemetry/status')).optedOut, !wanted);
  }
}));

test('settings are kept, and a price gives the unpriced a cost from then on', LIMITS, stage.page(async ({ page, server, watch }) => {
  const { project } = await stage.ids();
  await page.goto(`/settings?projectId=${project}`);
  await page.getByLabel(/^Time zone/).fill('Mars/Olympus');
  watch.expect(/status of 422/);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('There is no such time zone.').waitFor();
  await page.getByLabel(/^Time zone/).fill('Asia/Kathmandu');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('status').getByText('Saved.').waitFor();
  assert.equal(await page.getByLabel(/^Time zone/).inputValue(), 'Asia/Kathmandu');
  await page.goto(`/settings/prices?projectId=${project}`);
  await page.locator('.tag.warn').first().click();
  await page.getByLabel('Prompt', { exact: true }).fill('2.50');
  await page.getByLabel('Completion', { exact: true }).fill('10');
  await page.getByRole('button', { name: 'Set price' }).click();
  await page.getByRole('status').getByText(/price is set/).waitFor();
  // The built-in prices have a table of their own.
  assert.equal(await page.locator('tbody tr', { has: page.getByRole('button', { name: /^Remove/ }) }).count(), 1);
  await page.getByRole('button', { name: /^Remove/ }).click();
  await page.getByText(/^None of its own/).waitFor();
}));

test('nothing of another project or of nobody is shown', LIMITS, stage.page(async ({ page, watch }) => {
  watch.expect(/status of 404/);
  const { project, user } = await stage.ids();
  for (const path of [`/users/usr_0000000000000000?projectId=${project}`, `/users/${user}?projectId=prj_000000000000`, `/traces/none?projectId=${project}`, `/sessions/none?projectId=${project}`]) {
    const answer = await page.goto(path);
    assert.equal(answer.status(), 404, path);
    assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'Nothing is here');
  }
}));
