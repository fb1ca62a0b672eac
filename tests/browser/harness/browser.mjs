// Chromium, as the distribution packages it: found, started headless, with a clean context for each use.
// It cannot reach anything but the loopback, whatever a page asks for.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The path of the browser; an error that says what to do if there is none. */
export function findChromium(path = process.env.PATH ?? '') {
  for (const directory of path.split(delimiter).filter(Boolean)) {
    for (const name of NAMES) {
      const candidate = join(directory, name);
      try {
        accessSync(candidate, constants.X_OK);
        return candidate;
      } catch {
        // Not here.
      }
    }
  }
  throw new Error('no Chromium: run `scripts/setup.sh browser`');
}

export function launchBrowser() {
  const args = ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'];
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath: findChromium(),
    headless: true,
    chromiumSandbox: !isRoot,
    args,
    env: { ...process.env, FONTCONFIG_FILE: fileURLToPath(new URL('fonts.conf', import.meta.url)) },
  });
}

/** A context of its own: no cookies, no cache. `options` as Playwright's `newContext`. */
export function openContext(browser, server, options = {}) {
  return browser.newContext({
    baseURL: server.url,
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    ...options,
  });
}
