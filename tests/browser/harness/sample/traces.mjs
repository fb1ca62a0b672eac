// The sample: traces over thirty days up to `now`, the same for the same `now`.
// John's are the story: his latest session has failed a few minutes ago.
import { Dice } from './dice.mjs';
import { JOHN, PEOPLE, UNPRICED_ONLY } from './people.mjs';
import { chat, draft, FAILURES, report, runAgent, Scene, searchAndAnswer } from './steps.mjs';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
export const DAYS = 30;
const NAMES = new Map([
  [chat, 'support chat'],
  [searchAndAnswer, 'search and answer'],
  [runAgent, 'agent run'],
  [draft, 'draft'],
  [report, 'weekly report'],
]);

function describe(person) {
  const { id, name, email, metadata } = person;
  return { id, ...(name && { name }), ...(email && { email }), ...(metadata && { metadata }) };
}

function makeTrace({ id, person, session, start, kind, failure, dice, turns }) {
  const scene = new Scene(id, start, dice, failure);
  kind(scene, turns);
  return {
    trace_id: id,
    name: NAMES.get(kind),
    timestamp: start,
    ...(person && { user_id: person.id, user: describe(person) }),
    ...(session && { session_id: session }),
    metadata: { release: dice.pick(['2.3.0', '2.3.1', '2.4.0']), environment: 'production' },
    spans: scene.spans,
  };
}

function pickKind(dice, person) {
  if (person === UNPRICED_ONLY) {
    return draft;
  }
  return dice.pick([chat, chat, chat, searchAndAnswer, searchAndAnswer, runAgent, report, draft]);
}

function makeVisits(person, number, now, dice) {
  const traces = [];
  const [newest, oldest] = person.days ?? [0, DAYS - 1];
  for (let visit = 0; visit < person.visits; visit += 1) {
    // Newest first, evenly over the days; the hours differ.
    const even = newest * DAY + Math.floor((visit * (oldest - newest) * DAY) / person.visits);
    const back = even + dice.between(40 * MINUTE, 10 * 60 * MINUTE);
    const kind = pickKind(dice, person);
    const canFail = kind !== draft && kind !== report;
    traces.push(
      makeTrace({
        id: `t-${number}-${visit}`,
        person,
        // Some come without a session, most have a few requests in one.
        session: number % 4 === 3 ? undefined : `s-${number}-${Math.floor(visit / 4)}`,
        start: now - back,
        kind,
        failure: canFail && dice.chance(person === JOHN ? 0.2 : 0.05) ? dice.pick(FAILURES) : undefined,
        dice,
      }),
    );
  }
  return traces;
}

/** A conversation that goes well, and then fails twice. */
function tellJohnsStory(now, dice) {
  const session = 's-john-today';
  const told = [
    { id: 't-john-1', minutes: 26, kind: chat },
    { id: 't-john-2', minutes: 21, kind: searchAndAnswer },
    { id: 't-john-3', minutes: 14, kind: runAgent, turns: 10, failure: FAILURES[3] },
    { id: 't-john-4', minutes: 6, kind: chat, failure: FAILURES[0] },
  ];
  return told.map(({ minutes, ...rest }) => makeTrace({ ...rest, person: JOHN, session, start: now - minutes * MINUTE, dice }));
}

/** All traces, as the batch route takes them. */
export function makeSample(now = Date.now()) {
  const dice = new Dice(20_261_122);
  const traces = PEOPLE.flatMap((person, number) => makeVisits(person, number, now, dice));
  traces.push(...tellJohnsStory(now, dice));
  // Nobody's; and one that is as long as a page must bear.
  traces.push(makeTrace({ id: 't-nobody', start: now - 3 * DAY, kind: searchAndAnswer, dice }));
  traces.push(makeTrace({ id: 't-long', person: PEOPLE[1], start: now - 2 * DAY, kind: runAgent, turns: 100, dice }));
  return traces;
}
