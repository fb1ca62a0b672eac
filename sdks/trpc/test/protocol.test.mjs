// What no well-behaved client sends, and what is seen on the wire.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KEY } from '../../../tests/browser/harness/server.mjs';
import { LINKS, makeClient, startServer } from './harness.mjs';

let server;
before(async () => ({ server } = await startServer()));
after(() => server?.stop());

const ask = async (method, path, { body, headers } = {}) => {
  const answer = await fetch(`${server.url}/api/trpc${path}`, {
    method, body, headers: { 'x-api-key': KEY, 'content-type': 'application/json', ...headers },
  });
  const text = await answer.text();
  return { status: answer.status, type: answer.headers.get('content-type'), text, json: text && text.startsWith('{') && !text.includes('\n') ? JSON.parse(text) : undefined };
};

test('all that is wrong is said in the shape of tRPC', async () => {
  const inBody = (body) => ({ body });
  for (const [method, path, options, status, code] of [
    ['GET', '', {}, 404, 'NOT_FOUND'],
    ['GET', '/', {}, 404, 'NOT_FOUND'],
    ['GET', '/a/b/c', {}, 404, 'NOT_FOUND'],
    ['GET', '/users.list?input=%7Bbad', {}, 400, 'BAD_REQUEST'],
    ['GET', '/users.list?input=7', {}, 400, 'BAD_REQUEST'],
    ['GET', `/users.list?input=${encodeURIComponent('{"a":'.repeat(5000))}`, {}, 400, 'BAD_REQUEST'],
    ['POST', '/users.update', inBody('{bad'), 400, 'BAD_REQUEST'],
    ['POST', '/users.update', inBody('"\u0000'), 400, 'BAD_REQUEST'],
    ['POST', '/users.update', { body: 'a=1', headers: { 'content-type': 'text/plain' } }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['POST', '/users.update', inBody(`{"name":"${'x'.repeat(2 << 20)}"}`), 413, 'PAYLOAD_TOO_LARGE'],
    ['PUT', '/users.list', inBody('{}'), 405, 'METHOD_NOT_SUPPORTED'],
    ['DELETE', '/users.delete', {}, 405, 'METHOD_NOT_SUPPORTED'],
    ['GET', '/users.list', { headers: { 'x-api-key': 'co_sk_wrong' } }, 401, 'UNAUTHORIZED'],
    ['GET', `/${Array(51).fill('users.summary').join(',')}?batch=1`, {}, 400, 'BAD_REQUEST'],
  ]) {
    const answer = await ask(method, path, options);
    const seen = `${method} ${path.slice(0, 60)}: ${answer.status} ${answer.text.slice(0, 200)}`;
    assert.equal(answer.status, status, seen);
    assert.match(answer.type, /^application\/json/, seen);
    assert.equal(answer.json.error.data.code, code, seen);
    assert.equal(answer.json.error.data.httpStatus, status, seen);
    assert.ok(!('stack' in answer.json.error.data));
  }
});

test('a batch has one status if all agree, else 207', async () => {
  const input = encodeURIComponent('{"0":{},"1":{"id":"usr_nobody"}}');
  const mixed = await ask('GET', `/users.list,users.get?batch=1&input=${input}`);
  assert.equal(mixed.status, 207);
  assert.equal(JSON.parse(mixed.text).length, 2);
  const missing = await ask('GET', '/users.nope,users.neither?batch=1');
  assert.equal(missing.status, 404);
  const fifty = await ask('GET', `/${Array(50).fill('users.summary').join(',')}?batch=1`);
  assert.equal(fifty.status, 200);
  assert.equal(JSON.parse(fifty.text).length, 50);
  const encoded = await ask('GET', '/users.summary%2Cusers.list?batch=1');
  assert.equal(encoded.status, 200);
});

test('a query may come by POST, as clients with long inputs do', async () => {
  const answer = await ask('POST', '/users.list', { body: '{"limit":1}' });
  assert.equal(answer.json.result.data.items.length, 1);
});

test('the calls of one tick are one request', async () => {
  const seen = [];
  const client = makeClient(server, KEY, {
    link: LINKS.batch,
    fetch: (url, options) => {
      seen.push(new URL(url).pathname);
      return fetch(url, options);
    },
  });
  await Promise.all([client.users.summary.query(), client.users.list.query({}), client.sessions.list.query({})]);
  assert.deepEqual(seen, ['/api/trpc/users.summary,users.list,sessions.list']);
});

test('changes in a batch are made in their order', async () => {
  const { id } = await server.read('/v1/users/by-external-id/john');
  const client = makeClient(server, KEY, { link: LINKS.stream });
  await Promise.all(Array.from({ length: 20 }, (_, n) => client.users.update.mutate({ id, name: `Name ${n}` })));
  assert.equal((await server.read(`/v1/users/${id}`)).name, 'Name 19');
});
