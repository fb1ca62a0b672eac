// Logging in as a person does: the form of /login, and the landing on the overview.

/** Ends on `/`; an error with what the page says if it does not. */
export async function logIn(page, email, password) {
  await page.goto('/login');
  await page.fill('input[name="email"]', email);
  await page.fill('input[name="password"]', password);
  const form = page.locator('form', { has: page.locator('input[name="password"]') });
  await form.locator('[type="submit"], button:not([type])').first().click();
  try {
    await page.waitForURL((url) => url.pathname === '/', { timeout: 15_000 });
  } catch {
    const said = (await page.locator('body').innerText()).trim().slice(0, 400);
    throw new Error(`logging in as ${email} ended on ${page.url()}, which says: ${said}`);
  }
}
