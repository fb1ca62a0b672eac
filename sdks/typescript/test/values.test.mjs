// Values that JSON has no word for, and values that are too large: what is sent is safe, and nothing is thrown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTENT_LIMIT, cutText, toJson, toJsonObject } from '../dist/esm/json.js';
import { formatTime } from '../dist/esm/time.js';

const sent = (value, limit) => {
  const copy = toJson(value, limit);
  return copy === undefined ? undefined : JSON.parse(JSON.stringify(copy));
};

test('plain JSON comes through as it is', () => {
  for (const value of [
    null,
    true,
    0,
    -1.5,
    '',
    'ä€😀',
    [],
    {},
    [1, [2, { a: null }]],
    { __proto__: null, a: { b: [] } },
  ]) {
    assert.deepEqual(sent(value), JSON.parse(JSON.stringify(value)));
  }
  assert.equal(JSON.stringify(toJson(JSON.parse('{"__proto__": {"a": 1}}'))), '{"__proto__":{"a":1}}');
});

test('everything else becomes a text, or what it holds', () => {
  class Money {
    constructor() {
      this.amount = 1n;
    }
  }
  class Empty {}
  const cases = [
    [undefined, undefined],
    [() => 1, '[function anonymous]'],
    [function name() {}, '[function name]'],
    [Symbol('s'), 'Symbol(s)'],
    [12345678901234567890n, '12345678901234567890'],
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
    [Buffer.from('secret'), '[6 bytes]'],
    [new Float32Array(3), '[12 bytes]'],
    [new ArrayBuffer(9), '[9 bytes]'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Date('no'), 'Invalid Date'],
    [/a+/g, '/a+/g'],
    [new URL('http://a/b'), 'http://a/b'],
    [
      new Map([
        ['k', 1],
        [{}, 2],
      ]),
      { k: 1, '[object]': 2 },
    ],
    [new Set([1, 'a']), [1, 'a']],
    [new Money(), { amount: '1' }],
    [new Empty(), '[Empty]'],
    [Promise.resolve(1), '[Promise]'],
    [new Response('x'), '[Response]'],
    [Object.assign(new RangeError('far'), { code: 7 }), { code: 7, name: 'RangeError', message: 'far' }],
    [{ a: undefined, b: [undefined] }, { b: [null] }],
    [
      [Object('boxed'), Object(1), Object(true)],
      ['boxed', 1, true],
    ],
    [{ toJSON: () => ({ own: 1 }) }, { own: 1 }],
  ];
  for (const [value, expected] of cases) {
    assert.deepEqual(sent(value), expected);
  }
});

test('cycles, depth and hostile objects', () => {
  const cycle = { name: 'c' };
  cycle.self = cycle;
  cycle.list = [cycle];
  assert.deepEqual(sent(cycle), { name: 'c', self: '[circular]', list: ['[circular]'] });
  const twice = { a: 1 };
  assert.deepEqual(sent([twice, twice]), [{ a: 1 }, { a: 1 }]);
  let deep = 'end';
  for (let at = 0; at < 100_000; at += 1) {
    deep = [deep];
  }
  assert.match(JSON.stringify(toJson(deep)), /too deep/);
  const throwing = {
    ok: 1,
    get bad() {
      throw new Error('no');
    },
    toJSON: undefined,
  };
  assert.deepEqual(sent(throwing), { ok: 1, bad: '[unreadable]' });
  const hostile = new Proxy(
    {},
    {
      ownKeys() {
        throw new Error('no');
      },
      getPrototypeOf() {
        throw new Error('no');
      },
    },
  );
  assert.equal(sent(hostile), '[unreadable]');
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  assert.equal(sent(proxy), '[unreadable]');
  assert.deepEqual(
    sent({
      toJSON() {
        throw new Error('no');
      },
    }),
    '[unreadable]',
  );
});

test('what is too large is cut, and says so', () => {
  const text = sent('x'.repeat(3 * CONTENT_LIMIT));
  assert.equal(text.length, CONTENT_LIMIT + '[truncated]'.length);
  assert.ok(text.endsWith('[truncated]'));
  const list = JSON.stringify(toJson(Array.from({ length: 2_000_000 }, (_, at) => at)));
  assert.ok(list.length < 1.5 * CONTENT_LIMIT && list.endsWith('"[truncated]"]'));
  const object = sent({ long: 'y'.repeat(100), more: 1, last: 2 }, 50);
  assert.equal(object['[truncated]'], true);
  const many = sent(Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`key ${at}`, 'v'.repeat(100)])));
  assert.ok(JSON.stringify(many).length < 1.2 * CONTENT_LIMIT);
  assert.equal(cutText('a😀', 2), 'a[truncated]');
});

test('objects with nothing to say are no objects', () => {
  for (const value of [undefined, null, 'text', 7, [], [1], {}, { a: undefined }, () => 1]) {
    assert.equal(toJsonObject(value), undefined);
  }
  assert.deepEqual({ ...toJsonObject({ a: null }) }, { a: null });
});

test('times have microseconds', () => {
  assert.equal(formatTime(0), '1970-01-01T00:00:00.000000Z');
  assert.equal(formatTime(1_760_000_000_123.4567), '2025-10-09T08:53:20.123456Z');
  assert.equal(formatTime(1_760_000_000_999.9995), '2025-10-09T08:53:20.999999Z');
});
