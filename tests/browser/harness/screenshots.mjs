// Whole pages as pictures: in both colour schemes, on a phone and on a desk.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const SCHEMES = ['light', 'dark'];
export const WIDTHS = { 390: 844, 1440: 900 };
export const DIRECTORY = fileURLToPath(new URL('../../../target/screenshots', import.meta.url));

/** Until fonts, pictures and what htmx still loads are there, and two frames are drawn. */
export async function settle(page) {
  await page.waitForLoadState('load');
  await page.waitForFunction(
    () =>
      document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling') === null &&
      [...document.images].every((image) => image.complete || image.loading === 'lazy'),
    undefined,
    { timeout: 15_000 },
  );
  await page.evaluate(async () => {
    await document.fonts.ready;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  });
}

/** Whether a reader must scroll sideways: by how many pixels the page is wider than its window. */
export function measureOverflow(page) {
  return page.evaluate(() => {
    const root = document.scrollingElement ?? document.documentElement;
    return Math.max(0, root.scrollWidth - root.clientWidth);
  });
}

/**
 * Writes NAME-{light,dark}-{390,1440}.png; answers `[{file, scheme, width, overflow}]`.
 * The page is loaded anew each time, since charts are drawn for the scheme and width they find;
 * `reload: false` for a state that loading would lose. Scheme and window are put back at the end.
 */
export async function shoot(page, name, { reload = true, directory = DIRECTORY } = {}) {
  mkdirSync(directory, { recursive: true });
  const before = page.viewportSize();
  const shots = [];
  for (const scheme of SCHEMES) {
    for (const [width, height] of Object.entries(WIDTHS)) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width: Number(width), height });
      if (reload) {
        await page.reload();
      }
      await settle(page);
      const file = join(directory, `${name}-${scheme}-${width}.png`);
      await page.screenshot({ path: file, fullPage: true, animations: 'disabled' });
      shots.push({ file, scheme, width: Number(width), overflow: await measureOverflow(page) });
    }
  }
  await page.emulateMedia({ colorScheme: null });
  if (before) {
    await page.setViewportSize(before);
  }
  return shots;
}
