// Light and dark: chosen for a browser, whatever the system has, and the chosen period can be told from the rest.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkAccessibility } from '../harness/accessibility.mjs';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });

/** Relative luminance of a computed `rgb(…)`, as WCAG defines it. */
function luminance(color) {
  const [red, green, blue] = color.match(/[\d.]+/g).slice(0, 3).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const colors = (locator) => locator.evaluate((it) => {
  const { color, backgroundColor } = getComputedStyle(it);
  return { color, backgroundColor };
});
const background = (page) => page.evaluate(() => getComputedStyle(document.querySelector('.side')).backgroundColor);
const choose = async (page, name) => {
  await page.goto('/account');
  await page.getByLabel(name, { exact: true }).check();
  await Promise.all([page.waitForURL(/\/account/), page.getByRole('button', { name: 'Use them' }).click()]);
  await page.waitForLoadState();
};

for (const colorScheme of ['light', 'dark']) {
  test(`the chosen period stands out in ${colorScheme} pages`, LIMITS, stage.page(async ({ page }) => {
    const { project } = await stage.ids();
    await page.goto(`/costs?projectId=${project}&period=7d`);
    for (const segments of await page.locator('.segments').all()) {
      const all = await colors(segments);
      const chosen = await colors(segments.locator('a[aria-current]'));
      const other = await colors(segments.locator('a:not([aria-current])').first());
      assert.ok(contrast(chosen.backgroundColor, all.backgroundColor) >= 3, 'the chosen one against the rest');
      assert.ok(contrast(chosen.color, chosen.backgroundColor) >= 4.5, 'its text');
      assert.ok(contrast(other.color, all.backgroundColor) >= 4.5, 'the text of the others');
    }
  }, { context: { colorScheme } }));

  test(`without scripts the choice wins over a system that is ${colorScheme}`, LIMITS, stage.page(async ({ page, context, watch }) => {
    await page.goto('/account');
    const asSystem = await background(page);
    const [same, opposite] = colorScheme === 'dark' ? ['Dark', 'Light'] : ['Light', 'Dark'];
    await choose(page, opposite);
    assert.equal(await page.locator('html').getAttribute('data-theme'), opposite.toLowerCase());
    const chosen = await background(page);
    assert.ok(contrast(chosen, asSystem) > 10);
    assert.ok(await page.getByLabel(opposite, { exact: true }).isChecked());
    await page.goto('/costs');
    assert.equal(await background(page), chosen);
    watch.expect(/status of 404/);
    for (const path of ['/users/usr_nobody', '/no-such-page']) {
      await page.goto(path);
      await page.getByRole('heading', { name: 'Nothing is here' }).waitFor();
      assert.equal(await page.locator('html').getAttribute('data-theme'), opposite.toLowerCase(), path);
    }
    await choose(page, same);
    assert.equal(await background(page), asSystem);
    await choose(page, 'System');
    assert.equal(await page.locator('html').getAttribute('data-theme'), null);
    assert.equal(await background(page), asSystem);
    const cookies = await context.cookies();
    assert.equal(cookies.some((cookie) => cookie.name === 'co_theme'), false);
  }, { context: { colorScheme, javaScriptEnabled: false } }));
}

test('a chosen theme is accessible, and charts are drawn in it', LIMITS, stage.page(async ({ page }) => {
  await choose(page, 'Dark');
  await page.goto('/');
  await page.locator('.chart.ready').first().waitFor();
  await checkAccessibility(page, ['light']);
  await page.context().clearCookies({ name: 'co_session' });
  await page.goto('/login');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
}));
