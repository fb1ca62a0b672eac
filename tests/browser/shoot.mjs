// By hand: pictures of all pages of a running server, light and dark, 390 and 1440 pixels wide.
// Pages that do not exist yet are shot as they answer; the list says their status.
import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { logIn } from './harness/account.mjs';
import { launchBrowser, openContext } from './harness/browser.mjs';
import { findProject, makeReader, readIds } from './harness/ids.mjs';
import { DIRECTORY, shoot } from './harness/screenshots.mjs';
import { pages, pickPages } from './pages.mjs';

const USAGE = `node tests/browser/shoot.mjs --url http://127.0.0.1:PORT --email E --password P
  [--only users,user] [--out DIR] [--path /docs]... [--key co_sk_...] [--project prj_...]

  --only     names of pages (${pages.map((page) => page.name).join(', ')})
  --path     any other address of the server, once or more; alone it replaces the list
  --out      where the pictures go (default: target/screenshots)
  --key      read ids with this key instead of the log-in's cookie
  --project  default: the one that the overview links to, or the key's
  Without --email only pages that need no account are shot.`;

function readArguments() {
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: {
      url: text,
      email: text,
      password: text,
      only: text,
      out: text,
      key: text,
      project: text,
      path: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || !values.url) {
    console.log(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  return values;
}

function choosePages(args) {
  const named = args.only ? pickPages(args.only.split(',')) : args.path.length > 0 ? [] : pages;
  const others = args.path.map((path) => ({
    name: path.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'root',
    path: () => path,
    needs: [],
  }));
  return [...named, ...others];
}

async function findIds(args, context, page) {
  const read = makeReader(args.url, args.key ? { key: args.key } : { context });
  const project =
    args.project ??
    (args.email ? await findProject(page) : undefined) ??
    (args.key ? (await read('/v1/me')).project.id : undefined);
  if (!project) {
    throw new Error('no project: the overview links to none; say --project or --key');
  }
  try {
    return await readIds(read, project);
  } catch (error) {
    console.error(`no ids of users, sessions and traces (${error.message}); --key may help`);
    return { project, query: 'john@acme.com' };
  }
}

async function shootOne(page, one, ids, directory) {
  const missing = one.needs.filter((need) => !ids[need]);
  if (missing.length > 0) {
    console.log(`${one.name.padEnd(10)} left out: no ${missing.join(', ')}`);
    return;
  }
  const path = one.path(ids);
  const answer = await page.goto(path);
  const shots = await shoot(page, one.name, { directory });
  const wide = shots.filter((shot) => shot.overflow > 0).map((shot) => `${shot.width}px by ${shot.overflow}`);
  const notes = wide.length > 0 ? `  scrolls sideways at ${[...new Set(wide)].join(', ')}` : '';
  const there = new URL(page.url());
  const moved = there.pathname + there.search === path ? '' : `  ended on ${there.pathname}${there.search}`;
  console.log(`${one.name.padEnd(10)} ${answer?.status() ?? '-'} ${path}${moved}${notes}`);
}

const args = readArguments();
const directory = resolve(args.out ?? DIRECTORY);
const server = { url: args.url };
const browser = await launchBrowser();
try {
  const chosen = choosePages(args);
  const context = await openContext(browser, server);
  const page = await context.newPage();
  if (args.email) {
    await logIn(page, args.email, args.password ?? '');
  }
  const needsIds = chosen.some((one) => one.needs.length > 0) && (args.email || args.key);
  const ids = needsIds ? await findIds(args, context, page) : {};
  for (const one of chosen) {
    if (one.signedOut) {
      const outside = await openContext(browser, server);
      await shootOne(await outside.newPage(), one, ids, directory);
      await outside.close();
    } else {
      await shootOne(page, one, ids, directory);
    }
  }
  console.log(`pictures are in ${directory}`);
} finally {
  await browser.close();
}
