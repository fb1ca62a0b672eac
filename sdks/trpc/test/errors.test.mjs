// What is refused before any procedure is called, or fails within: the same through each link, with and without
// superjson. 429 is not among it: nothing that tRPC reaches is limited by rate.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KEY } from '../../../tests/browser/harness/server.mjs';
import { FORMS, LINKS, damageTraces, limitFiles, makeClient, startServer } from './harness.mjs';

let server;
let john;
before(async () => {
  ({ server } = await startServer({ survivesFullDisk: true }));
  john = (await server.read('/v1/users/by-external-id/john')).id;
});
after(() => server?.stop());

function forEachClient(about, run) {
  for (const [linkName, link] of Object.entries(LINKS)) {
    for (const [form, transformer] of Object.entries(FORMS)) {
      const client = (options) => makeClient(options?.server ?? server, options?.key ?? KEY, { link, transformer, ...options });
      test(`${about}: ${linkName}, ${form}`, () => run(client, linkName));
    }
  }
}

async function fails(call, name, status, words, retryAfter) {
  const error = await call.then(() => assert.fail('it did not fail'), (error) => error);
  assert.equal(error.name, 'TRPCClientError', String(error));
  assert.deepEqual([error.data?.code, error.data?.httpStatus], [name, status], String(error));
  assert.match(error.message, words);
  const { response } = error.meta;
  if (response.status !== 200) assert.equal(response.headers.get('retry-after'), retryAfter ?? null);
  return error;
}

describe('before a procedure', () => {
  forEachClient('a body that is too large is 413', async (client) => {
    const metadata = { text: 'x'.repeat(2 << 20) };
    const error = await fails(client().users.update.mutate({ id: john, metadata }), 'PAYLOAD_TOO_LARGE', 413, /too large/);
    assert.equal(error.data.problem.code, 'payload_too_large');
  });

  forEachClient('a large body of nobody known is 401', async (client) => {
    const metadata = { text: 'x'.repeat(1 << 20) };
    const call = client({ key: 'co_sk_wrong' }).users.update.mutate({ id: john, metadata });
    await fails(call, 'UNAUTHORIZED', 401, /./);
  });

  forEachClient('what is no JSON, or is compressed, is 415', async (client) => {
    for (const headers of [{ 'content-type': 'text/plain' }, { 'content-encoding': 'gzip' }]) {
      const call = client({ headers }).users.update.mutate({ id: john, name: 'x' });
      await fails(call, 'UNSUPPORTED_MEDIA_TYPE', 415, /./);
    }
  });

  forEachClient('a batch of more than 50 is 400', async (client, linkName) => {
    if (linkName === 'http') return;
    const it = client();
    const calls = Array.from({ length: 51 }, () => it.users.get.query({ id: john }));
    for (const call of calls) await fails(call, 'BAD_REQUEST', 400, /at most 50/);
  });

  forEachClient('an input that is no object is 400', async (client) => {
    for (const input of [7, 'x', ['x']]) {
      await fails(client().users.get.query(input), 'BAD_REQUEST', 400, /must be an object/);
    }
  });
});

describe('within a procedure', () => {
  forEachClient('a store that cannot write is 503 with a time to come back', async (client, linkName) => {
    limitFiles(server, '0');
    try {
      const call = client().users.update.mutate({ id: john, name: 'x' });
      await fails(call, 'SERVICE_UNAVAILABLE', 503, /./, linkName === 'stream' ? undefined : '1');
    } finally {
      limitFiles(server, 'unlimited');
    }
  });

  forEachClient('when there is room again, it goes on', async (client) => {
    const changed = await client().users.update.mutate({ id: john, name: 'Back' });
    assert.equal(changed.name, 'Back');
  });
});

describe('a damaged store', () => {
  let damaged;
  let john;
  before(async () => {
    const { server: whole, dir } = await startServer();
    await whole.stop();
    damageTraces(dir);
    ({ server: damaged } = await startServer({ dir }));
    john = (await damaged.read('/v1/users/by-external-id/john')).id;
  });
  after(() => damaged?.stop());

  forEachClient('it is 500, and says nothing of its inside', async (client) => {
    const it = client({ server: damaged });
    const { id } = (await it.sessions.list.query({ userId: john })).items[0];
    const error = await fails(it.sessions.timeline.query({ id }), 'INTERNAL_SERVER_ERROR', 500, /^The store failed; the log says why\.$/);
    assert.equal(error.data.problem.code, 'internal');
  });
});
