// Who gets in: log-in, invitation, roles as a browser meets them, and the end of a log-in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invite, logIn } from '../harness/account.mjs';
import { JOHN } from '../harness/sample/people.mjs';
import { EMAIL, PASSWORD } from '../harness/server.mjs';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });

test('a wrong password says as much as an unknown address, and the right one lets in', LIMITS, stage.page(async ({ page, watch }) => {
  watch.expect(/status of 401/);
  const said = [];
  for (const email of [EMAIL, 'nobody@example.com']) {
    await page.goto('/login');
    await page.locator('input[name=email]').fill(email);
    await page.locator('input[name=password]').fill('certainly not this');
    await page.locator('form.form button').click();
    said.push(await page.locator('.fault-box').innerText());
    assert.equal(await page.locator('input[name=email]').inputValue(), email);
    assert.equal(await page.locator('input[name=password]').inputValue(), '');
  }
  assert.equal(said[0], said[1]);
  await logIn(page, EMAIL, PASSWORD);
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL(/\/login/);
  await page.goto('/users');
  await page.waitForURL(/\/login\?next=/);
}, { signedIn: false }));

test('a viewer reads, is offered no change, and is refused one', LIMITS, stage.page(async ({ page }) => {
  const viewer = await invite(stage, page, 'vera@example.com', 'VIEWER');
  const { project, session, user } = await stage.ids();
  await viewer.goto(`/users/${user}?projectId=${project}`);
  assert.equal(await viewer.getByRole('heading', { level: 1 }).innerText(), JOHN.name);
  assert.equal(await viewer.getByRole('link', { name: /^(Edit|Delete…)$/ }).count(), 0);
  await viewer.goto(`/sessions/${session}?projectId=${project}`);
  assert.equal(await viewer.getByRole('link', { name: /^(Edit|Delete…)$/ }).count(), 0);
  await viewer.goto(`/settings?projectId=${project}`);
  assert.equal(await viewer.getByRole('link', { name: /^(API keys|Audit log)$/ }).count(), 0);
  for (const path of [`/users/${user}/edit`, `/users/${user}/delete`, `/sessions/${session}/edit`, `/sessions/${session}/delete`, '/settings/keys', '/audit']) {
    assert.equal((await viewer.goto(`${path}?projectId=${project}`)).status(), 403, path);
  }
  await viewer.context().close();
}));

test('a member edits and does not delete; what is revoked ends with the next click', LIMITS, stage.page(async ({ page }) => {
  const member = await invite(stage, page, 'mia@example.com', 'MEMBER');
  const { project, session, user } = await stage.ids();
  for (const path of [`/users/${user}`, `/sessions/${session}`]) {
    await member.goto(`${path}?projectId=${project}`);
    assert.equal(await member.getByRole('link', { name: 'Edit', exact: true }).count(), 2, path);
    assert.equal(await member.getByRole('link', { name: 'Delete…' }).count(), 0, path);
    assert.equal((await member.goto(`${path}/delete?projectId=${project}`)).status(), 403, path);
  }
  await member.goto(`/users/${user}?projectId=${project}`);
  await page.goto(`/members?projectId=${project}`);
  const row = page.locator('tr', { hasText: 'mia@example.com' });
  await row.getByText('Remove…').click();
  await row.getByRole('button', { name: 'Remove' }).click();
  await page.locator('tr', { hasText: 'mia@example.com' }).waitFor({ state: 'detached' });
  await member.getByRole('link', { name: 'Sessions', exact: true }).click();
  await member.waitForURL(/\/login/);
  await member.context().close();
}));

test('the menu opens on a phone', LIMITS, stage.page(async ({ page }) => {
  await page.goto('/');
  assert.ok(!(await page.getByRole('link', { name: 'Users', exact: true }).isVisible()));
  await page.locator('.menu-switch summary').click();
  await page.getByRole('link', { name: 'Users', exact: true }).click();
  await page.waitForURL(/\/users/);
}, { context: { viewport: { width: 390, height: 844 } } }));

test('a key that is revoked here opens nothing from that moment on', LIMITS, stage.page(async ({ page, server }) => {
  const { project } = await stage.ids();
  await page.goto(`/settings/keys?projectId=${project}`);
  await page.getByPlaceholder('backend').fill('short-lived');
  await page.getByRole('button', { name: 'Make a key' }).click();
  await page.getByText('short-lived').first().waitFor();
  const key = /co_sk_[A-Za-z0-9]{43}/.exec(await page.locator('main').innerText())[0];
  const ask = async () => (await fetch(`${server.url}/v1/users?limit=1`, { headers: { 'x-api-key': key } })).status;
  // Asked twice: the second time it is remembered.
  assert.deepEqual([await ask(), await ask()], [200, 200]);
  const row = page.locator('tr', { hasText: 'short-lived' });
  await row.getByText('Revoke…').click();
  await row.getByRole('button', { name: 'Revoke', exact: true }).click();
  await page.locator('tr', { hasText: 'short-lived' }).getByText(/revoked/i).waitFor();
  assert.equal(await ask(), 401);
}));

test('whoever opens the address of a form is led to its page', LIMITS, stage.page(async ({ page }) => {
  for (const [path, place] of [
    ['/account/password', '/account'],
    ['/members/role', '/members'],
    ['/settings/keys/revoke', '/settings'],
    ['/logout', '/'],
  ]) {
    await page.goto(path);
    assert.equal(new URL(page.url()).pathname, place, path);
    assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, path);
  }
}));
