// Every procedure and every error through tRPC's own client: each link, with and without superjson.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KEY } from '../../../tests/browser/harness/server.mjs';
import { FORMS, LINKS, makeClient, startServer } from './harness.mjs';

let server;
let makeKey;
let john;
before(async () => {
  ({ server, makeKey } = await startServer());
  john = (await server.read('/v1/users/by-external-id/john')).id;
});
after(() => server?.stop());

/** `{code, status, message}` of a call that must fail. */
async function failure(call) {
  const error = await call.then(() => assert.fail('it did not fail'), (error) => error);
  assert.equal(error.name, 'TRPCClientError', String(error));
  return { code: error.data?.code, status: error.data?.httpStatus, message: error.message, number: error.shape?.code, data: error.data };
}

for (const [linkName, link] of Object.entries(LINKS)) {
  for (const [form, transformer] of Object.entries(FORMS)) {
    describe(`${linkName}, ${form}`, () => {
      const client = (key = KEY) => makeClient(server, key, { link, transformer });
      const isDated = transformer !== undefined;
      /** What REST answers, with times as this client has them. */
      const rest = async (path) => {
        const revive = (value, name) => {
          if (Array.isArray(value)) return value.map((item) => revive(item));
          if (value && typeof value === 'object') {
            if (['metadata', 'input', 'output'].includes(name)) return value;
            return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revive(inner, key)]));
          }
          return isDated && typeof value === 'string' && /(At|Time|timestamp)$/.test(name ?? '') ? new Date(value) : value;
        };
        return revive(await server.read(path));
      };

      test('queries answer what REST answers', async () => {
        const it = client();
        const answers = await Promise.all([
          it.users.list.query({ sortBy: 'totalCost', limit: 1, search: undefined }),
          it.users.get.query({ id: john }),
          it.users.getByExternalId.query({ externalId: 'john' }),
          it.users.traces.query({ userId: john, level: 'ERROR' }),
          it.users.analytics.query({ userId: john, days: 3, tz: 'UTC' }),
          it.users.summary.query(),
          it.sessions.list.query({ userId: john }),
        ]);
        const paths = [
          '/v1/users?sortBy=totalCost&limit=1', `/v1/users/${john}`, `/v1/users/${john}`, `/v1/users/${john}/traces?level=ERROR`,
          `/v1/users/${john}/analytics?days=3&tz=UTC`, '/v1/users/summary', `/v1/users/${john}/sessions`,
        ];
        for (const [at, path] of paths.entries()) {
          assert.deepEqual(answers[at], await rest(path), path);
        }
        const [list, user] = answers;
        assert.equal(user.lastSeenAt instanceof Date, isDated);
        assert.equal(user.metadata.createdAt, 'spring', 'what the app calls so stays a text');
        assert.equal(user.metadata.plan, 'enterprise');
        assert.equal(list.items.length, 1);
        const session = answers[6].items[0].id;
        const timeline = await it.sessions.timeline.query({ id: session });
        assert.deepEqual(timeline, await rest(`/v1/sessions/${session}/timeline`));
        assert.deepEqual(timeline.items[0].spans[0].input, { createdAt: 'not a time' });
        assert.deepEqual(await it.sessions.get.query({ id: session }), await rest(`/v1/sessions/${session}`));
        assert.equal((await it.sessions.list.query()).items.length, (await rest('/v1/sessions')).items.length);
      });

      test('pages and dates go in', async () => {
        const it = client();
        const met = [];
        for (let cursor; cursor !== null; ) {
          const page = await it.users.list.query({ limit: 1, cursor });
          met.push(...page.items.map((user) => user.externalId));
          cursor = page.nextCursor;
        }
        const everybody = (await rest('/v1/users')).items.map((user) => user.externalId);
        assert.deepEqual(met, everybody);
        const from = new Date('2026-01-10T12:00:03Z');
        const late = await it.users.list.query({ from: isDated ? from : from.toISOString() });
        assert.deepEqual(late.items.map((user) => user.externalId), ['ann']);
        const paying = await it.users.list.query({ metadata: { plan: 'enterprise' } });
        assert.deepEqual(paying.items.map((user) => user.externalId), ['john']);
      });

      test('mutations change', async () => {
        const it = client();
        const id = `${linkName}-${form}`;
        await server.feed([{ trace_id: id, name: 'x', user_id: id, session_id: id, user: { id, email: 'a@b.example' }, spans: [] }]);
        const user = (await server.read(`/v1/users/by-external-id/${id}`)).id;
        const changed = await it.users.update.mutate({ id: user, name: 'New', email: null, metadata: { seats: 3, gone: undefined } });
        assert.equal(changed.name, 'New');
        assert.equal(changed.email, null);
        assert.deepEqual(changed.metadata, { seats: 3 });
        const session = (await it.sessions.list.query({ userId: user })).items[0].id;
        assert.equal((await it.sessions.update.mutate({ id: session, name: 'Talk' })).name, 'Talk');
        assert.equal((await it.sessions.delete.mutate({ id: session })).success, true);
        const gone = await it.users.delete.mutate({ id: user });
        assert.equal(gone.success, true);
        assert.equal(gone.tracesUnlinked, 1);
        assert.equal((await failure(it.users.get.query({ id: user }))).code, 'NOT_FOUND');
      });

      test('every failure has its code', async () => {
        const it = client();
        for (const [call, code, status, number, message] of [
          [() => it.users.get.query({ id: 'usr_nobody' }), 'NOT_FOUND', 404, -32004, /^User not found$/],
          [() => it.users.getByExternalId.query({ externalId: 'nobody' }), 'NOT_FOUND', 404, -32004, /^User not found$/],
          [() => it.users.update.mutate({ id: 'usr_nobody', name: 'x' }), 'NOT_FOUND', 404, -32004, /^User not found$/],
          [() => it.sessions.get.query({ id: 'ses_none' }), 'NOT_FOUND', 404, -32004, /^Session not found$/],
          [() => it.users.list.query({ projectId: 'prj_other' }), 'NOT_FOUND', 404, -32004, /^Project not found$/],
          [() => it.users.shout.query({}), 'NOT_FOUND', 404, -32004, /No procedure found on path "users.shout"/],
          [() => it.users.list.query({ limit: 101 }), 'BAD_REQUEST', 400, -32600, /limit/],
          [() => it.users.list.query({ sortBy: 'shoeSize' }), 'BAD_REQUEST', 400, -32600, /sortBy/],
          [() => it.users.analytics.query({ userId: john, days: 91 }), 'BAD_REQUEST', 400, -32600, /days/],
          [() => it.users.get.query({}), 'BAD_REQUEST', 400, -32600, /id/],
          [() => it.users.update.mutate({ id: john, email: 'no e-mail' }), 'BAD_REQUEST', 400, -32600, /email/],
          [() => it.users.update.query({ id: john }), 'METHOD_NOT_SUPPORTED', 405, -32005, /Unsupported GET-request to mutation/],
          [() => client('').users.list.query({}), 'UNAUTHORIZED', 401, -32001, /./],
          [() => client('co_sk_wrong').users.list.query({}), 'UNAUTHORIZED', 401, -32001, /./],
        ]) {
          const failed = await failure(call());
          assert.deepEqual([failed.code, failed.status, failed.number], [code, status, number], failed.message);
          assert.match(failed.message, message);
        }
        const refused = await failure(it.users.list.query({ limit: 101 }));
        assert.equal(refused.data.problem.code, 'invalid_request');
        assert.equal(refused.data.problem.errors[0].path, 'limit');
      });

      test('a key may here what it may elsewhere, in a batch each call by itself', async () => {
        const it = client(makeKey('read'));
        const [read, changed] = await Promise.allSettled([it.users.get.query({ id: john }), it.users.update.mutate({ id: john, name: 'x' })]);
        assert.equal(read.status, 'fulfilled');
        assert.equal(changed.reason.data.code, 'FORBIDDEN');
        const blind = await failure(client(makeKey('ingest')).users.list.query({}));
        assert.deepEqual([blind.code, blind.status], ['FORBIDDEN', 403]);
      });

      test('some of many may fail', async () => {
        const it = client();
        const asked = ['usr_nobody', john, 'usr_nobody', john].map((id) => it.users.get.query({ id }));
        const outcomes = (await Promise.allSettled(asked)).map(({ status }) => status);
        assert.deepEqual(outcomes, ['rejected', 'fulfilled', 'rejected', 'fulfilled']);
      });
    });
  }
}
