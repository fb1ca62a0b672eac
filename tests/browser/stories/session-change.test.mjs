// What a session's forms change: its name and metadata, and its tie to its traces; who may not; what is asked before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JOHN, PEOPLE } from '../harness/sample/people.mjs';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });
const find = async (server, id) => (await server.read(`/v1/sessions?search=${encodeURIComponent(id)}`)).items.find((one) => one.externalId === id);

async function open(page, server, id, rest = '') {
  const { project } = await stage.ids();
  const session = await find(server, id);
  await page.goto(`/sessions/${session.id}${rest}?projectId=${project}`);
  return session;
}

test('a session is renamed and described, and what is wrong is said beside its field', LIMITS, stage.page(async ({ page, server, watch }) => {
  await open(page, server, 's-john-today');
  await page.getByRole('link', { name: 'Edit', exact: true }).first().click();
  await page.getByLabel(/^Name/).fill('The order that was lost');
  await page.getByLabel(/^Metadata/).fill('not an object');
  watch.expect(/status of 422/);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Metadata must be a JSON object').waitFor();
  assert.equal(await page.getByLabel(/^Metadata/).getAttribute('aria-describedby'), 'fault-metadata');
  assert.equal(await page.getByLabel(/^Name/).inputValue(), 'The order that was lost');
  await page.getByLabel(/^Metadata/).fill(JSON.stringify({ note: 'x'.repeat(70_000) }));
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Metadata would be larger than 64 KiB').waitFor();
  await page.getByLabel(/^Metadata/).fill('{"channel": "phone", "stars": 4.50}');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('status').getByText('Saved.').waitFor();
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'The order that was lost');
  const session = await find(server, 's-john-today');
  assert.deepEqual([session.name, session.metadata], ['The order that was lost', { channel: 'phone', stars: 4.5 }]);
  // What is removed in the form is deleted; what is left as it was stays as it was written.
  await page.getByRole('link', { name: 'Edit', exact: true }).first().click();
  assert.equal(await page.getByLabel(/^Metadata/).inputValue(), '{\n  "channel": "phone",\n  "stars": 4.50\n}');
  await page.getByLabel(/^Name/).fill('');
  await page.getByLabel(/^Metadata/).fill('{"stars": 4.50}');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('status').getByText('Saved.').waitFor();
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 's-john-today');
  const after = await find(server, 's-john-today');
  assert.deepEqual([after.name, after.metadata], [null, { stars: 4.5 }]);
}));

test('unlinking says what will happen, keeps the traces with their user, and is noted', LIMITS, stage.page(async ({ page, server, watch }) => {
  const { project } = await stage.ids();
  const maria = encodeURIComponent(PEOPLE[1].id);
  const [user, costs] = [await server.read(`/v1/users/by-external-id/${maria}`), await server.read('/v1/costs?groupBy=session')];
  const session = await open(page, server, 's-1-0');
  await page.getByRole('link', { name: 'Delete…' }).click();
  await page.getByText(/goes from all lists/).waitFor();
  await page.getByRole('link', { name: 'Cancel' }).click();
  await page.getByRole('link', { name: 'Delete…' }).click();
  const typed = page.getByLabel('Type s-1-0 to confirm');
  await typed.fill('s-1-1');
  watch.expect(/status of 422/);
  await page.getByRole('button', { name: 'Unlink this session' }).click();
  await page.getByRole('alert').getByText(/not the session's id/).waitFor();
  assert.notEqual(await find(server, 's-1-0'), undefined);
  await typed.fill('s-1-0');
  await page.getByRole('button', { name: 'Unlink this session' }).click();
  await page.getByRole('status').getByText(/session was unlinked/).waitFor();
  assert.equal(new URL(page.url()).pathname, '/sessions');
  assert.equal(await find(server, 's-1-0'), undefined);
  const [after, costsAfter] = [await server.read(`/v1/users/by-external-id/${maria}`), await server.read('/v1/costs?groupBy=session')];
  assert.deepEqual([after.traceCount, after.totalCostUsd, after.sessionCount], [user.traceCount, user.totalCostUsd, user.sessionCount - 1]);
  assert.equal(costsAfter.unattributed.traceCount, costs.unattributed.traceCount + session.traceCount);
  assert.equal(costsAfter.total.totalCostUsd, costs.total.totalCostUsd);
  await page.goto(`/audit?projectId=${project}`);
  const line = page.locator('tbody tr', { hasText: 'session.delete' });
  assert.match(await line.first().innerText(), new RegExp(session.id));
}));

test('what the page says of the traces is right for one of nobody, too', LIMITS, stage.page(async ({ page, server }) => {
  await server.feed([{ trace_id: 't-nobodys-talk', name: 'a word', session_id: 's-nobody', timestamp: Date.now() - 60_000, spans: [] }]);
  await open(page, server, 's-nobody', '/delete');
  await page.getByText('1 trace, $0').waitFor();
  assert.equal(await page.locator('section.panel').getByRole('link', { name: JOHN.name }).count(), 0);
  await page.getByText(/they count as spend without a session/).waitFor();
}));
