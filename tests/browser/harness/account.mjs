// Getting in as a person does: by the form of /login, which lands on the overview, or by an invitation.
import assert from 'node:assert/strict';
import { openContext } from './browser.mjs';

const LONGEST_MS = 15_000;

/** Ends on `/`; an error with what the page says if it does not. */
export async function logIn(page, email, password) {
  await page.goto('/login');
  await page.fill('input[name="email"]', email);
  await page.fill('input[name="password"]', password);
  const form = page.locator('form', { has: page.locator('input[name="password"]') });
  const landed = page.waitForURL((url) => url.pathname === '/', { timeout: LONGEST_MS });
  const answered = page.waitForResponse((answer) => answer.request().method() === 'POST', { timeout: LONGEST_MS });
  const refused = answered.then((answer) => {
    assert.ok(answer.status() < 400, `status ${answer.status()}`);
    return landed;
  });
  try {
    await Promise.all([landed, refused, form.locator('[type="submit"], button:not([type])').first().click()]);
  } catch (error) {
    await page.waitForLoadState();
    const said = (await page.locator('body').innerText()).trim().slice(0, 400);
    throw new Error(`logging in as ${email} ended on ${page.url()} (${error.message}), which says: ${said}`);
  }
}

const WORD = 'a long word of hers';

/** Somebody joins by an invitation of the owner's `page`, in a context of their own; answers their page. */
export async function invite(stage, page, email, role) {
  const { project } = await stage.ids();
  await page.goto(`/members?projectId=${project}`);
  await page.locator('form[action^="/members/invite"] input[name=email]').fill(email);
  await page.locator('form[action^="/members/invite"] select[name=role]').selectOption(role);
  await page.getByRole('button', { name: 'Make an invitation' }).click();
  const link = (await page.locator('#invite-link').innerText()).trim();
  const context = await openContext(stage.browser, stage.server);
  const guest = await context.newPage();
  await guest.goto(link);
  await guest.locator('input[name=password]').fill(WORD);
  await guest.locator('input[name=again]').fill(WORD);
  await Promise.all([guest.waitForURL((url) => !url.pathname.startsWith('/link/')), guest.locator('form.form button').click()]);
  return guest;
}
