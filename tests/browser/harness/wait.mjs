// Waiting for something to become true: bounded, and without guessing how long it takes.
import { setTimeout as pause } from 'node:timers/promises';

/** Asks every few milliseconds until `done()` answers something; an error that says `what` after `limitMs`. */
export async function waitUntil(what, limitMs, done) {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await done();
    if (value) {
      return value;
    }
    if (Date.now() > end) {
      throw new Error(`${what}: not within ${limitMs} ms`);
    }
    await pause(10);
  }
}
