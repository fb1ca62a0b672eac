// How many bytes a page costs on the wire, heads and bodies, as Chromium's network stack counts them.
import { settle } from './screenshots.mjs';
import { waitUntil } from './wait.mjs';

const LONGEST_LOAD_MS = 15_000;

class Meter {
  bytes = 0;
  #open = new Set();

  constructor(session) {
    session.on('Network.requestWillBeSent', ({ requestId }) => this.#open.add(requestId));
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      this.bytes += encodedDataLength;
      this.#open.delete(requestId);
    });
    session.on('Network.loadingFailed', ({ requestId }) => this.#open.delete(requestId));
  }

  /** What a page that is left had asked for may end without word: its icon, say, which comes when it likes. */
  forget() {
    this.#open.clear();
  }

  get isIdle() {
    return this.#open.size === 0;
  }
}

async function load(page, meter, path) {
  // Going where one is would be a reload, which asks again for what is cached; and what the page
  // before still asks for, such as its icon, is none of this one's.
  await page.goto('about:blank');
  meter.forget();
  const before = meter.bytes;
  await page.goto(path);
  await settle(page);
  await waitUntil(`all requests of ${path} end`, LONGEST_LOAD_MS, () => meter.isIdle);
  return meter.bytes - before;
}

/** `{cold, warm}` in bytes: with an empty cache, and once more with what the first visit left. */
export async function measureTransfer(page, path) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.clearBrowserCache');
  const meter = new Meter(session);
  const cold = await load(page, meter, path);
  const warm = await load(page, meter, path);
  await session.detach();
  return { cold, warm };
}
