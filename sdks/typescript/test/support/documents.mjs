// The programs that are printed in the documents of this repository.
import { readdirSync, readFileSync } from 'node:fs';

const REPOSITORY = new URL('../../../../', import.meta.url);
const FENCE = /^( *)```(\w+)\n(.*?)^\1```$/gms;

/** The texts of the fenced blocks in one of `languages`, in order, without the indentation of a list around them. */
export function readBlocks(document, languages) {
  const text = readFileSync(new URL(document, REPOSITORY), 'utf8');
  return [...text.matchAll(FENCE)]
    .filter(([, , language]) => languages.includes(language))
    .map(([, indent, , block]) => block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}

/** The documents that have such blocks. */
export function findDocuments(languages) {
  const pages = readdirSync(new URL('docs/', REPOSITORY)).filter((name) => name.endsWith('.md'));
  const packages = readdirSync(new URL('sdks/', REPOSITORY), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'fixtures')
    .map(({ name }) => `sdks/${name}/README.md`);
  const all = ['CONTRIBUTING.md', 'README.md', ...pages.map((name) => `docs/${name}`), ...packages];
  return all.filter((document) => readBlocks(document, languages).length > 0).sort();
}

/** The text with `open` filled in; each must be there. */
export function fillIn(text, gaps) {
  return Object.entries(gaps).reduce((filled, [open, what]) => {
    if (!filled.includes(open)) {
      throw new Error(`${open} is not in:\n${filled}`);
    }
    return filled.replaceAll(open, what);
  }, text);
}
