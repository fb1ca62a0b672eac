// Whose a call is: who wins, who is nobody, and that what runs at the same time never mixes.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { CognObserve } from '@cognobserve/sdk';
import { Ledger } from './support/ledger.mjs';
import { listen, setUp } from './support/sdk.mjs';

const { observe, withUser, withSession, setUser, getUser } = CognObserve;
const nothing = async () => {};

let ledger;
before(async () => (ledger = await Ledger.start()));
after(async () => {
  await CognObserve.shutdown();
  await ledger.stop();
});
beforeEach(async () => {
  await CognObserve.shutdown();
  ledger.requests.length = 0;
  setUp(ledger);
});

/** `name → [user, session]` of all that was sent. */
async function whose() {
  await CognObserve.flush();
  return Object.fromEntries(ledger.traces.map((trace) => [trace.name, [trace.user_id, trace.session_id]]));
}

test('own user, then scope, then global; sessions have no global', async () => {
  setUser('global');
  await withUser('scoped', () =>
    withSession('s-scope', async () => {
      await observe('scope', nothing);
      await observe({ name: 'own', userId: 'own', sessionId: 's-own' }, nothing);
    }),
  );
  await observe('global', nothing);
  setUser(null);
  await observe('nobody', nothing);
  assert.deepEqual(await whose(), {
    scope: ['scoped', 's-scope'],
    own: ['own', 's-own'],
    global: ['global', undefined],
    nobody: [undefined, undefined],
  });
});

test('an empty session is none, whatever is around', async () => {
  await withSession('s-outer', () => withSession('', () => observe({ name: 'alone', userId: 'a' }, () => 1)));
  assert.deepEqual(await whose(), { alone: ['a', undefined] });
});

test('what is no id is nobody, and never the user around', async () => {
  setUser('global');
  for (const junk of [null, undefined, '', '  ', {}, { name: 'No Id' }, []]) {
    await listen(() => withUser(junk, () => observe(`with ${JSON.stringify(junk)}`, nothing)));
  }
  await observe({ name: 'number', userId: 42 }, nothing);
  await observe({ name: 'absent', userId: undefined, user: undefined }, nothing);
  const found = await whose();
  assert.deepEqual(found.number, ['42', undefined]);
  assert.deepEqual(found.absent, ['global', undefined]);
  delete found.number;
  delete found.absent;
  assert.ok(
    Object.values(found).every(([user]) => user === undefined),
    JSON.stringify(found),
  );
});

test('getUser and the handles tell what is around', async () => {
  assert.equal(getUser(), undefined);
  assert.equal(CognObserve.getActiveSpan(), undefined);
  setUser({ id: 'g', name: 'G' });
  assert.deepEqual(getUser(), { id: 'g', name: 'G' });
  await withUser('g', async () => assert.deepEqual(getUser(), { id: 'g', name: 'G' }));
  await withUser(null, async () => assert.equal(getUser(), undefined));
  await observe({ name: 'call', userId: 'u' }, async (span) => {
    await nothing();
    assert.deepEqual(getUser(), { id: 'u' });
    assert.equal(CognObserve.getActiveSpan(), span);
    assert.equal(CognObserve.getActiveTrace()?.id.length, 32);
  });
});

test('a profile is told as it was when the call began, and null in it is kept, since it clears', async () => {
  const user = { id: 'u', name: 'Before', plan: null, deep: { a: [1] } };
  const done = observe({ name: 'call', user }, nothing);
  user.name = 'After';
  user.deep.a.push(2);
  await done;
  await CognObserve.flush();
  assert.deepEqual(ledger.traces[0].user, { id: 'u', name: 'Before', plan: null, deep: { a: [1] } });
});

test('two ids that differ: userId holds, warned once, and no word of the ids', async () => {
  const said = await listen(async () => {
    await observe({ name: 'a', userId: 'secret-8', user: { id: 'secret-9', name: 'Nina' } }, nothing);
    await observe({ name: 'b', userId: 'secret-8', user: { id: 'secret-9' } }, nothing);
  });
  assert.equal(said.length, 1);
  assert.doesNotMatch(said[0], /secret|Nina/);
  assert.deepEqual(await whose(), { a: ['secret-8', undefined], b: ['secret-8', undefined] });
});

test('a call for another user within a trace of nobody is their trace, and the other way round', async () => {
  await observe('request', async () => {
    await withUser('u', () => observe('theirs', nothing));
    await withUser(null, () => observe('still nobody', nothing));
  });
  await observe({ name: 'of v', userId: 'v' }, () => withUser(null, () => observe('of nobody', nothing)));
  assert.deepEqual(await whose(), {
    request: [undefined, undefined],
    theirs: ['u', undefined],
    'of v': ['v', undefined],
    'of nobody': [undefined, undefined],
  });
  const request = ledger.traces.find((trace) => trace.name === 'request');
  const theirs = ledger.traces.find((trace) => trace.name === 'theirs');
  assert.deepEqual(
    request.spans.map((span) => span.name),
    ['request', 'still nobody'],
  );
  assert.deepEqual(theirs.metadata, { parent_trace_id: request.trace_id, parent_span_id: request.spans[0].span_id });
});

test('a global user that changes in the middle moves nothing that has begun', async () => {
  setUser('first');
  await observe('outer', async () => {
    setUser('second');
    await observe('inner', nothing);
  });
  await observe('next', nothing);
  await CognObserve.flush();
  assert.deepEqual(
    ledger.traces.map((trace) => [trace.user_id, trace.spans.map((span) => span.name)]),
    [
      ['first', ['outer', 'inner']],
      ['second', ['next']],
    ],
  );
});

test('trace and startTrace always start one, with an id of your own if you like', async () => {
  await observe({ name: 'outer', userId: 'u', sessionId: 's' }, async () => {
    await CognObserve.trace({ name: 'own', id: 'req-1', metadata: { a: 1 } }, async (trace) => {
      assert.equal(trace.id, 'req-1');
      trace.startSpan('step').end();
      await observe('called', nothing);
    });
    CognObserve.startTrace('by hand').startSpan('only').end();
  });
  await CognObserve.flush();
  const byName = Object.fromEntries(ledger.traces.map((trace) => [trace.name, trace]));
  const own = byName.own;
  assert.equal(own.trace_id, 'req-1');
  assert.deepEqual([own.user_id, own.session_id, own.metadata], ['u', 's', { a: 1 }]);
  assert.deepEqual(
    own.spans.map((span) => span.name),
    ['own', 'step', 'called'],
  );
  assert.deepEqual(
    own.spans.map((span) => span.parent_span_id),
    [undefined, own.spans[0].span_id, own.spans[0].span_id],
  );
  assert.deepEqual(
    byName.outer.spans.map((span) => span.name),
    ['outer'],
  );
  assert.deepEqual([byName['by hand'].user_id, byName['by hand'].session_id], ['u', 's']);
});

test('parallel calls within a trace are its children, each below its own parent', async () => {
  await observe({ name: 'root', userId: 'u' }, () =>
    Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        observe(`branch ${at}`, async () => {
          await new Promise(setImmediate);
          await observe(`leaf ${at}`, nothing);
        }),
      ),
    ),
  );
  await CognObserve.flush();
  const [{ spans }] = ledger.traces;
  assert.equal(spans.length, 41);
  const byId = Object.fromEntries(spans.map((span) => [span.span_id, span.name]));
  for (const span of spans.filter(({ name }) => name.startsWith('leaf'))) {
    assert.equal(byId[span.parent_span_id], span.name.replace('leaf', 'branch'));
  }
});

test('requests of the SDK belong to no call of the app', async () => {
  const { AsyncLocalStorage } = await import('node:async_hooks');
  const own = new AsyncLocalStorage();
  const stores = [];
  setUp(
    ledger,
    {},
    {
      post: async () => {
        stores.push([own.getStore(), getUser()]);
        return { status: 202, text: '{}' };
      },
    },
  );
  await own.run('a request', () => withUser('u', () => observe('call', nothing).then(() => CognObserve.flush())));
  assert.deepEqual(stores, [[undefined, undefined]]);
});

test('50 requests of 50 users at the same time in one process', async () => {
  const wait = () => new Promise((done) => setTimeout(done, Math.random() * 3));
  const server = createServer((request, response) => {
    const user = request.headers['x-user'];
    withUser({ id: user, name: `Name of ${user}` }, () =>
      observe({ name: `request of ${user}`, sessionId: `session of ${user}` }, async () => {
        await wait();
        for (let step = 0; step < 3; step += 1) {
          await observe(`step of ${user}`, wait);
          CognObserve.log(`event of ${user}`);
        }
        assert.equal(getUser().id, user);
        response.end('done');
      }),
    );
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const users = Array.from({ length: 50 }, (_, at) => `user-${at}`);
  const ask = (user) => fetch(`http://127.0.0.1:${server.address().port}`, { headers: { 'x-user': user } });
  await Promise.all(users.map(async (user) => (await ask(user)).text()));
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await CognObserve.flush();
  assert.equal(ledger.traces.length, 50);
  for (const trace of ledger.traces) {
    const user = trace.user_id;
    assert.deepEqual(trace.user, { id: user, name: `Name of ${user}` });
    assert.equal(trace.session_id, `session of ${user}`);
    assert.equal(trace.spans.length, 7);
    assert.ok(trace.spans.every((span) => span.name.endsWith(` of ${user}`)));
  }
  assert.deepEqual(ledger.traces.map((trace) => trace.user_id).sort(), [...users].sort());
});
