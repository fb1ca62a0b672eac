// Product events of the sample: what its people did over the last days, the same for the same `now`.
import { Dice } from './dice.mjs';
import { JOHN, NAMELESS, PEOPLE } from './people.mjs';

const HOUR = 3_600_000;
const DAYS = 26;
const NAMES = ['memory_created', 'memory_created', 'memory_created', 'search', 'search', 'export.finished'];
const LONG = { note: 'All that fits into a property, '.repeat(30).trim(), list: [1, { two: '<b>2</b>' }] };

function describe(dice, name) {
  if (name === 'memory_created') {
    return { type: dice.pick(['text', 'image', 'audio']), has_metadata: dice.chance(0.4), total_tokens: dice.between(10, 900) };
  }
  return name === 'search' ? { results: dice.between(0, 40), status: dice.chance(0.1) ? 'failed' : 'ok' } : {};
}

/** All events, as `POST /v1/events` takes them; the sessions are those of `traces.mjs`. */
export function makeEvents(now = Date.now()) {
  const dice = new Dice(20_261_123);
  const events = [];
  for (const [number, person] of PEOPLE.entries()) {
    // Some come once, some each day; some are new this week.
    const each = number % 5 === 4 ? 200 : 12 + number * 5;
    for (let back = dice.between(2, 20); back < DAYS * 24 && back < (number % 4 === 2 ? 90 : Infinity); back += each) {
      const event = dice.pick(NAMES);
      events.push({
        event,
        event_id: `e-${number}-${back}`,
        user_id: person.id,
        ...(number % 4 === 0 && { session_id: `s-${number}-0` }),
        timestamp: now - back * HOUR,
        properties: describe(dice, event),
      });
    }
  }
  events.push({ event: 'memory_created', event_id: 'e-long', user_id: JOHN.id, timestamp: now - 60_000, properties: LONG });
  events.push({ event: 'app.started', event_id: 'e-nobody', timestamp: now - 120_000, properties: {} });
  events.push({ event: 'search', event_id: 'e-nameless', user_id: NAMELESS.id, timestamp: now - 180_000, properties: { status: 'ok' } });
  return events;
}
