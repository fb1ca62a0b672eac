// The server of the harness: the real binary, with the sample in it, and gone when it is told to go.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pages, pickPages } from '../pages.mjs';
import { readIds } from '../harness/ids.mjs';
import { AWKWARD_ID, JOHN, MARKUP, PEOPLE, UNPRICED_ONLY } from '../harness/sample/people.mjs';
import { UNPRICED_MODEL } from '../harness/sample/steps.mjs';
import { makeEvents } from '../harness/sample/events.mjs';
import { DAYS, makeSample } from '../harness/sample/traces.mjs';
import { Server } from '../harness/server.mjs';

const NOW = Date.now();
const traces = makeSample(NOW);
let server;
before(async () => {
  server = await Server.start();
  await server.feed(traces);
  await server.tell(makeEvents(NOW));
});
after(() => server?.kill());

const costsBy = (group) => server.read(`/v1/costs?groupBy=${group}`);
const count = (predicate) => traces.filter(predicate).length;

test('the sample is the same for the same time, and within its days', () => {
  assert.deepEqual(makeSample(NOW), traces);
  for (const { timestamp, spans } of traces) {
    assert.ok(timestamp > NOW - (DAYS + 1) * 86_400_000);
    for (const span of spans) {
      assert.ok(span.end_time <= NOW && span.end_time >= span.start_time, JSON.stringify(span));
    }
  }
});

test('everybody is there as given, and nobody else', async () => {
  const { items, nextCursor } = await server.read('/v1/users?limit=100');
  assert.equal(nextCursor, null);
  const seen = new Map(items.map((user) => [user.externalId, user]));
  assert.deepEqual([...seen.keys()].sort(), PEOPLE.map(({ id }) => id).sort());
  for (const { id, name, email, metadata } of PEOPLE) {
    assert.equal(seen.get(id).name, name ?? null);
    assert.equal(seen.get(id).email, email ?? null);
    assert.deepEqual(seen.get(id).metadata, metadata ?? {});
    assert.equal(seen.get(id).traceCount, count((trace) => trace.user_id === id));
  }
  assert.equal(seen.get(UNPRICED_ONLY.id).totalCost, 0);
  assert.ok(seen.get(UNPRICED_ONLY.id).totalTokens > 0);
});

test('there are failures, several models, one without a price, and a trace of nobody', async () => {
  const { rows, total } = await costsBy('model');
  assert.ok(rows.length >= 6);
  const unpriced = rows.filter((row) => row.unpricedSpanCount > 0).map((row) => row.model);
  assert.deepEqual(unpriced, [UNPRICED_MODEL]);
  assert.equal(total.traceCount, traces.length);
  assert.equal((await costsBy('user')).unattributed.traceCount, 1);
  const { items } = await server.read(`/v1/users?search=${encodeURIComponent(JOHN.email)}`);
  const failed = count((trace) => trace.user_id === JOHN.id && trace.spans.some((span) => span.level === 'ERROR'));
  assert.ok(failed >= 2);
  assert.equal(items[0].errorTraceCount, failed);
});

test('the addresses of all pages can be made', async () => {
  const { project } = await server.read('/v1/me');
  const ids = await readIds((path) => server.read(path), project.id);
  assert.equal((await server.read(`/v1/users/${ids.user}`)).externalId, JOHN.id);
  assert.equal(ids.trace, 't-john-3');
  for (const page of pages) {
    assert.ok(page.needs.every((need) => ids[need]), page.name);
    const path = page.path(ids);
    assert.ok(new URL(path, server.url).href.endsWith(path), `${path} is not encoded`);
    assert.ok(!path.includes('undefined'), path);
  }
  assert.equal(new Set(pages.map((page) => page.name)).size, pages.length);
  assert.deepEqual(pickPages(['user', 'login']).map((page) => page.name), ['login', 'user']);
  assert.throws(() => pickPages(['usres']), /no such page: usres/);
});

test('names that are markup and ids that need encoding come back as they were', async () => {
  for (const person of [MARKUP, AWKWARD_ID]) {
    const user = await server.read(`/v1/users/by-external-id/${encodeURIComponent(person.id)}`);
    assert.equal(user.name, person.name);
  }
});

test('it ends when it is told to, and one that cannot start says why', async () => {
  const other = await Server.start();
  const { url } = other;
  await other.stop();
  await assert.rejects(fetch(`${url}/healthz`));
  await assert.rejects(Server.start({ COGNOBSERVE_INIT_API_KEY: 'co_sk_short' }), /ended at once/);
});
