// What makes a page look finished: axes that hold what they show, rows of cards without holes, heads that stay
// while one scrolls, and nothing to tap that is smaller than a finger needs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../harness/screenshots.mjs';
import { LIMITS, useStage } from '../harness/stage.mjs';
import { pages } from '../pages.mjs';

const stage = useStage({ sample: true });
/** Pixels that rounding may take. */
const SLACK = 1;
/** WCAG 2.2, 2.5.8. */
const LEAST = 24;

/** What is written on an axis, as a number in the unit of the data. */
function read(text) {
  const [, digits, unit] = /^\$?([\d,.]+) ?(k|M|B|ms|s|min)?$/.exec(text);
  return Number(digits.replaceAll(',', '')) * { k: 1e3, M: 1e6, B: 1e9, ms: 1, s: 1e3, min: 6e4 }[unit ?? 'ms'];
}

for (const [period, width] of [['30d', 1440], ['90d', 768], ['24h', 390]]) {
  test(`axes begin at 0, end above all values, and have even steps: ${period} at ${width} pixels`, LIMITS, stage.page(async ({ page }) => {
    const { project } = await stage.ids();
    await page.addInitScript(() => {
      window.written = [];
      const write = CanvasRenderingContext2D.prototype.fillText;
      CanvasRenderingContext2D.prototype.fillText = function fillText(text, x, y) {
        // Turned about: where it stands is in the matrix.
        const at = this.getTransform().transformPoint({ x, y });
        window.written.push({ id: this.canvas.closest('.chart')?.id, text, x: at.x, y: at.y, isUp: this.textAlign === 'right', room: this.canvas.width, half: this.measureText(text).width / 2 });
        return write.apply(this, arguments);
      };
    });
    await page.goto(`/?projectId=${project}&period=${period}`);
    await settle(page);
    const charts = await page.locator('.chart.ready').evaluateAll((all) => all.map((box) => ({
      id: box.id,
      most: Math.max(...JSON.parse(box.dataset.chart).series.flatMap((one) => one.values)),
      labels: [...new Map(window.written.filter((one) => one.id === box.id).map((one) => [`${one.isUp}${one.text}`, one])).values()],
    })));
    assert.equal(charts.length, 6);
    for (const { id, most, labels } of charts) {
      const up = labels.filter((one) => one.isUp).sort((a, b) => b.y - a.y);
      const along = labels.filter((one) => !one.isUp).sort((a, b) => a.x - b.x);
      const values = up.map((one) => read(one.text));
      assert.ok(values[0] === 0 && values.at(-1) >= most, `${id}: ${values} for ${most}`);
      assert.ok(most > 0 && values.length >= 2 && values.length <= 4, `${id}: ${values}`);
      assert.ok(along.length >= 2, `${id}: ${along.map((one) => one.text)}`);
      for (const [list, axis] of [[up, 'y'], [along, 'x']]) {
        const steps = list.slice(1).map((one, i) => Math.abs(one[axis] - list[i][axis]));
        assert.ok(Math.max(...steps) - Math.min(...steps) <= 2 * SLACK, `${id}: ${axis} in steps of ${steps}`);
      }
      assert.ok(along.every(({ x, half, room }) => x - half >= -SLACK && x + half <= room + SLACK), `${id}: a label is cut`);
    }
  }, { context: { viewport: { width, height: 900 } } }));
}

for (const width of [390, 768, 1024, 1440]) {
  test(`rows of cards are full at ${width} pixels`, LIMITS, stage.page(async ({ page }) => {
    const { project, user, session, trace, developer } = await stage.ids();
    const paths = ['/', `/users/${user}`, `/sessions/${session}`, `/traces/${trace}`, `/developers/${developer}`, '/costs'];
    for (const path of paths) {
      await page.goto(`${path}?projectId=${project}`);
      const { right, rows } = await page.locator('.stats').first().evaluate((box) => {
        const cards = [...box.children].map((card) => card.getBoundingClientRect());
        const tops = [...new Set(cards.map((card) => Math.round(card.top)))];
        const ends = tops.map((top) => Math.max(...cards.filter((card) => Math.round(card.top) === top).map((card) => card.right)));
        return { right: box.getBoundingClientRect().right, rows: ends };
      });
      assert.deepEqual(rows.filter((end) => Math.abs(right - end) > 2 * SLACK), [], `${path}: rows that end before ${right}`);
    }
  }, { context: { viewport: { width, height: 900 } } }));
}

for (const width of [768, 1024, 1440]) {
  test(`the head of a table stays beneath the bar, and hides no row that the keyboard is at: ${width} pixels`, LIMITS, stage.page(async ({ page }) => {
    const { project } = await stage.ids();
    await page.goto(`/users?projectId=${project}&period=90d`);
    await settle(page);
    const links = page.locator('#live tbody .main-link');
    await links.last().focus();
    await page.evaluate(() => scrollTo(0, document.querySelector('#live').offsetTop + 300));
    const edge = () => page.evaluate(() => {
      const bar = document.querySelector('.bar').getBoundingClientRect();
      const head = document.querySelector('#live thead th').getBoundingClientRect();
      return { bar: Math.max(0, bar.bottom), top: head.top, bottom: head.bottom };
    });
    const { bar, top } = await edge();
    assert.ok(Math.abs(top - bar) <= SLACK, `the head is at ${top}, the bar ends at ${bar}`);
    for (let at = (await links.count()) - 2; at >= 1; at -= 1) {
      await page.keyboard.press('Shift+Tab');
      const focused = await page.evaluate(() => document.activeElement.getBoundingClientRect().top);
      assert.ok(focused >= (await edge()).bottom - SLACK, `row ${at} is at ${focused}`);
    }
  }, { context: { viewport: { width, height: 500 } } }));
}

for (const one of pages) {
  test(`${one.name}: what one taps on a phone has ${LEAST} by ${LEAST} pixels`, LIMITS, stage.page(async ({ page }) => {
    await page.goto(one.path(await stage.ids()));
    await settle(page);
    const small = await page.evaluate((least) => {
      const isInSentence = (it) => getComputedStyle(it).display === 'inline' && it.parentElement.innerText.trim() !== it.innerText.trim();
      const area = (it) => (it.matches('.main-link') ? it.closest('tr') : it.matches('[type=checkbox], [type=radio]') ? it.closest('label') : it) ?? it;
      const all = [...document.querySelectorAll('a[href], button, summary, select, input:not([type=hidden])')].filter((it) => it.checkVisibility() && !it.matches('.skip') && !isInSentence(it));
      const sizes = all.map((it) => [it.innerText || it.name || it.outerHTML, area(it).getBoundingClientRect()]);
      return { many: all.length, small: sizes.filter(([, box]) => box.width < least - 0.1 || box.height < least - 0.1).map(([name, box]) => `${name}: ${box.width} × ${box.height}`) };
    }, LEAST);
    assert.ok(small.many > 1);
    assert.deepEqual(small.small, []);
  }, { signedIn: !one.signedOut, context: { viewport: { width: 390, height: 844 } } }));
}
