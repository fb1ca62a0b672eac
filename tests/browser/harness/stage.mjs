// What a test file plays on: one server and one browser for the file, a fresh context and page for each test.
// A test fails also if its page did what `watch.mjs` forbids; a failed one leaves a picture.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { logIn } from './account.mjs';
import { launchBrowser, openContext } from './browser.mjs';
import { readIds } from './ids.mjs';
import { makeEvents } from './sample/events.mjs';
import { makeSample } from './sample/traces.mjs';
import { DIRECTORY } from './screenshots.mjs';
import { EMAIL, PASSWORD, Server } from './server.mjs';
import { watchRequests } from './watch.mjs';

const LONGEST_OPENING_MS = 120_000;
const LONGEST_TEST_MS = 120_000;

class Stage {
  server;
  browser;
  #options;
  #cookies;
  #ids;

  constructor(options) {
    this.#options = options;
  }

  async open() {
    this.server = await Server.start(this.#options.settings);
    if (this.#options.sample) {
      await this.server.feed(makeSample());
      await this.server.tell(makeEvents());
    }
    this.browser = await launchBrowser();
  }

  async close() {
    await this.browser?.close();
    await this.server?.stop();
  }

  /** What the addresses of the pages are made of. */
  ids() {
    const read = (path) => this.server.read(path);
    this.#ids ??= read('/v1/me').then(({ project }) => readIds(read, project.id));
    return this.#ids;
  }

  /** One log-in for all tests: one that logs out takes `signedIn: false` and logs in by itself. */
  async #signIn() {
    this.#cookies ??= (async () => {
      const context = await openContext(this.browser, this.server);
      await logIn(await context.newPage(), EMAIL, PASSWORD);
      const state = await context.storageState();
      await context.close();
      return state;
    })();
    return this.#cookies;
  }

  /**
   * The function of a test: `body({t, page, context, watch, server, stage})`.
   * `signedIn`: with the cookie of the first account; `context`: options of Playwright's `newContext`.
   */
  page(body, { signedIn = true, context: options = {} } = {}) {
    return async (t) => {
      const storageState = signedIn ? await this.#signIn() : undefined;
      const context = await openContext(this.browser, this.server, { storageState, ...options });
      context.setDefaultTimeout(15_000);
      try {
        const page = await context.newPage();
        const watch = watchRequests(page, this.server.url);
        try {
          await body({ t, page, context, watch, server: this.server, stage: this });
          watch.assertClean();
        } catch (error) {
          await this.#leavePicture(page, t.name);
          throw error;
        }
      } finally {
        await context.close();
      }
    };
  }

  async #leavePicture(page, name) {
    mkdirSync(DIRECTORY, { recursive: true });
    const file = join(DIRECTORY, `failed-${name.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 80)}.png`);
    // The reason of the failure matters more than the picture of it.
    await page.screenshot({ path: file, fullPage: true }).catch(() => {});
  }
}

/** For the top of a test file. `settings`: of the server; `sample`: with the made-up data. */
export function useStage(options = {}) {
  const stage = new Stage(options);
  before(() => stage.open(), { timeout: LONGEST_OPENING_MS });
  after(() => stage.close(), { timeout: LONGEST_OPENING_MS });
  return stage;
}

/** What every test of a page is given: `test(name, LIMITS, stage.page(...))`. */
export const LIMITS = { timeout: LONGEST_TEST_MS };
