// What holds for every page: it answers, is accessible, asks nobody else, costs few bytes, fits its window.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkAccessibility } from './accessibility.mjs';
import { shoot } from './screenshots.mjs';
import { LIMITS } from './stage.mjs';
import { measureTransfer } from './transfer.mjs';

export const COLD_BYTES = 250_000;
export const WARM_BYTES = 30_000;

/** Registers the tests of each page of a list like `pages.mjs`. `bytes`, `schemes` of an entry: limits of its own. */
export function testEveryPage(stage, pages) {
  for (const one of pages) {
    const { coldBytes, warmBytes } = { coldBytes: COLD_BYTES, warmBytes: WARM_BYTES, ...one.bytes };
    const options = { signedIn: !one.signedOut };
    const withPath = (body) =>
      stage.page(async (scene) => {
        const ids = await stage.ids();
        for (const need of one.needs) {
          assert.ok(ids[need], `the sample has no ${need}`);
        }
        await body(scene.page, one.path(ids), scene.t);
      }, options);

    test(`${one.name}: answers, can be used by everybody and fits its window`, LIMITS, withPath(async (page, path) => {
      const answer = await page.goto(path);
      assert.equal(answer.status(), 200);
      const { pathname, search } = new URL(page.url());
      assert.equal(pathname + search, path, 'it led elsewhere');
      await checkAccessibility(page, one.schemes);
      for (const { file, overflow } of await shoot(page, one.name)) {
        assert.equal(overflow, 0, `one must scroll sideways: ${file}`);
      }
    }));

    test(`${one.name}: at most ${coldBytes} bytes, ${warmBytes} the second time`, LIMITS, withPath(async (page, path, t) => {
      const { cold, warm } = await measureTransfer(page, path);
      t.diagnostic(`${one.name}: ${cold} bytes cold, ${warm} warm`);
      assert.ok(cold > 0 && cold <= coldBytes, `${cold} bytes with an empty cache`);
      assert.ok(warm <= warmBytes, `${warm} bytes the second time`);
    }));
  }
}
