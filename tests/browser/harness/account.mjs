// Logging in as a person does: the form of /login, and the landing on the overview.
import assert from 'node:assert/strict';

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
