// Times as the server reads them: RFC 3339 in UTC, to the microsecond.

let lastSecond = Number.NaN;
let lastText = '';

/** Most times lie in the same second as the one before. */
function formatSecond(second: number): string {
  if (second !== lastSecond) {
    lastText = new Date(second * 1000).toISOString().slice(0, 20);
    lastSecond = second;
  }
  return lastText;
}

export function formatTime(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000);
  const micros = Math.min(999_999, Math.floor((milliseconds - second * 1000) * 1000));
  return `${formatSecond(second)}${String(micros).padStart(6, '0')}Z`;
}
