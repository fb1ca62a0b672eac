// Makes two runs of the same scenario the same bytes: ids and times become words, keys are sorted.
const TIMES = ['start_time', 'end_time', 'timestamp'];

function sortKeys(value) {
  if (Array.isArray(value)) {
    return value.map(sortKeys);
  }
  if (value && typeof value === 'object') {
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((key) => [key, sortKeys(value[key])]),
    );
  }
  return value;
}

function renameIds(value, names) {
  if (typeof value === 'string') {
    return names.get(value) ?? value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => renameIds(item, names));
  }
  if (value && typeof value === 'object') {
    const rename = ([key, item]) => [key, TIMES.includes(key) ? 'time' : renameIds(item, names)];
    return Object.fromEntries(Object.entries(value).map(rename));
  }
  return value;
}

/** The bodies of one run as compact JSON texts; ids keep their names over all of them. */
export function normalise(bodies) {
  const names = new Map();
  let traces = 0;
  let spans = 0;
  for (const body of bodies) {
    body.events?.forEach((event, at) => names.set(event.event_id, `event-${at + 1}`));
  }
  for (const trace of bodies.flatMap((body) => body.traces ?? [])) {
    if (!names.has(trace.trace_id)) {
      names.set(trace.trace_id, `trace-${(traces += 1)}`);
    }
    for (const span of trace.spans) {
      names.set(span.span_id, `span-${(spans += 1)}`);
    }
  }
  return bodies.map((body) => JSON.stringify(sortKeys(renameIds(body, names))));
}

export const sortedText = (value) => JSON.stringify(sortKeys(value));
