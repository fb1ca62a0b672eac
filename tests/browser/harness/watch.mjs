// What a page must never do while a test looks on: ask another origin for anything, log an error (a broken
// script, a failed load, a breach of the content security policy), crash, or open an alert.
import assert from 'node:assert/strict';

const WITHOUT_ORIGIN = new Set(['data:', 'blob:', 'about:']);

class Watch {
  /** Addresses of all requests, in order. */
  requests = [];
  #problems = [];
  #expected = [];

  note(problem) {
    this.#problems.push(problem);
  }

  /** From now on a problem that matches is part of the test (a refused form logs its status). */
  expect(pattern) {
    this.#expected.push(pattern);
  }

  get problems() {
    return this.#problems.filter((problem) => !this.#expected.some((pattern) => pattern.test(problem)));
  }

  assertClean() {
    assert.deepEqual(this.problems, [], 'the page did what no page may do');
  }
}

function isForeign(address, origin) {
  const url = new URL(address);
  return !WITHOUT_ORIGIN.has(url.protocol) && url.origin !== origin;
}

/** To be called before the page goes anywhere; `assertClean()` at the end. */
export function watchRequests(page, serverUrl) {
  const watch = new Watch();
  const { origin } = new URL(serverUrl);
  page.on('request', (request) => {
    watch.requests.push(request.url());
    if (isForeign(request.url(), origin)) {
      watch.note(`a request to another origin: ${request.url()}`);
    }
  });
  page.on('websocket', (socket) => watch.note(`a socket to ${socket.url()}`));
  page.on('console', (message) => {
    if (message.type() === 'error') {
      watch.note(`an error in the console: ${message.text()} (${message.location().url})`);
    }
  });
  page.on('pageerror', (error) => watch.note(`a script failed: ${error.stack ?? error}`));
  page.on('crash', () => watch.note('the page crashed'));
  page.on('dialog', async (dialog) => {
    if (dialog.type() === 'alert') {
      watch.note(`an alert: ${dialog.message()}`);
    }
    // A test that expects a question answers it itself.
    if (page.listenerCount('dialog') === 1) {
      await dialog.dismiss();
    }
  });
  return watch;
}
