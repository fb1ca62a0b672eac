// What axe-core finds on a page that keeps somebody out: its serious and critical findings, in both schemes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { SCHEMES, settle } from './screenshots.mjs';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const FORBIDDEN = new Set(['serious', 'critical']);

function describe(violation) {
  const places = violation.nodes.slice(0, 4).map((node) => `    ${node.target.join(' ')}: ${node.failureSummary.replace(/\s+/g, ' ')}`);
  const more = violation.nodes.length > 4 ? [`    and ${violation.nodes.length - 4} more`] : [];
  return [`  ${violation.impact} ${violation.id}: ${violation.help}`, ...places, ...more].join('\n');
}

/** All findings of one colour scheme, as axe-core reports them. */
export async function findViolations(page, scheme) {
  await page.emulateMedia({ colorScheme: scheme });
  await settle(page);
  // Evaluated from outside, which no content security policy forbids and no page notices.
  await page.evaluate(SOURCE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations;
}

/** Fails with rule, place and reason. */
export async function checkAccessibility(page, schemes = SCHEMES) {
  for (const scheme of schemes) {
    const grave = (await findViolations(page, scheme)).filter(({ impact }) => FORBIDDEN.has(impact));
    assert.ok(grave.length === 0, `${page.url()} in ${scheme}:\n${grave.map(describe).join('\n')}`);
  }
  await page.emulateMedia({ colorScheme: null });
}
