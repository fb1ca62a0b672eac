// Ids as in W3C trace context: random, in lower-case hex, never all zero.
import { randomBytes } from './platform.js';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function makeId(length: number): string {
  const bytes = randomBytes(length);
  let text = '';
  for (const byte of bytes) {
    text += HEX[byte];
  }
  return /^0+$/.test(text) ? makeId(length) : text;
}

export const makeTraceId = (): string => makeId(16);
export const makeSpanId = (): string => makeId(8);
