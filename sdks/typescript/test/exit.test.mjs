// The end of a program: what waits is sent, within its time, and how the program ends stays the program's affair.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { runModule } from './support/child.mjs';
import { accept, KEY, Ledger } from './support/ledger.mjs';

let ledger;
before(async () => (ledger = await Ledger.start()));
after(() => ledger.stop());
beforeEach(() => {
  ledger.requests.length = 0;
  ledger.answer = accept;
});

const START = `import { CognObserve } from '@cognobserve/sdk';
const { observe } = CognObserve;
CognObserve.init({ endpoint: process.env.TEST_URL, apiKey: '${KEY}', flushInterval: 3600000 });\n`;
const options = (more = {}) => ({ env: { TEST_URL: ledger.url }, ...more });

test('a program that just ends sends what waits', async () => {
  const { code, err } = await runModule(
    `${START} observe('a', () => 1); await observe('b', async () => 2);`,
    options(),
  );
  assert.equal(err, '');
  assert.equal(code, 0);
  assert.deepEqual(
    ledger.spans.map((span) => span.name),
    ['a', 'b'],
  );
});

test('timers and idle connections keep no program alive', async () => {
  const text = `${START} observe('a', () => 1); await CognObserve.flush(); observe('b', () => 1);`;
  assert.equal((await runModule(text, options())).code, 0);
  assert.deepEqual(
    ledger.spans.map((span) => span.name),
    ['a', 'b'],
  );
});

test('a server that is dead or hangs holds the end up for shutdownTimeout, then it is said', async () => {
  const short = START.replace('flushInterval', 'shutdownTimeout: 300, flushInterval');
  ledger.answer = () => 'hang';
  const text = `${short} observe('a', () => 1); process.on('exit', () => console.log(JSON.stringify(CognObserve.stats())));`;
  const urls = [ledger.url, 'http://127.0.0.1:9'];
  for (const url of urls) {
    const { code, out, err } = await runModule(text, { env: { TEST_URL: url } });
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out), { sent: 0, dropped: 1, refused: 0, waiting: 0 });
    assert.equal(err, '[cognobserve] the server was not reached in time; 1 spans are dropped\n');
  }
});

test('a request that hangs while the program still has work does not outlive it', async () => {
  const short = START.replace('flushInterval', 'shutdownTimeout: 300, maxBatchSize: 1, flushInterval');
  ledger.answer = () => 'hang';
  const text = `${short} observe('a', () => 1); await new Promise((done) => setTimeout(done, 100));
    process.on('exit', () => console.log(JSON.stringify(CognObserve.stats())));`;
  const { code, out } = await runModule(text, options());
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), { sent: 0, dropped: 1, refused: 0, waiting: 0 });
});

test('exit codes, signals and failures are as without the SDK', async () => {
  assert.equal((await runModule(`${START} observe('a', () => 1); process.exitCode = 3;`, options())).code, 3);
  assert.equal(ledger.spans.length, 1);
  assert.equal((await runModule(`${START} process.exit(4);`, options())).code, 4);
  const failed = await runModule(`${START} observe('c', () => { throw new Error('as ever'); });`, options());
  assert.equal(failed.code, 1);
  assert.match(failed.err, /Error: as ever/);
  const unhandled = `${START} observe('d', async () => { throw new Error('nobody looks'); });`;
  const rejected = await runModule(unhandled, options());
  assert.equal(rejected.code, 1);
  assert.match(rejected.err, /nobody looks/);
  const text = `${START} observe('e', () => 1); console.log('up'); setInterval(() => {}, 1000);`;
  const heard = (child) => child.kill('SIGTERM');
  assert.equal((await runModule(text, options({ heard }))).signal, 'SIGTERM');
  const count = `${START} console.log(['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection'].map((name) => process.listenerCount(name)).join());`;
  assert.equal((await runModule(count, options())).out, '0,0,0,0\n');
});

test('an app that ends itself on SIGTERM can wait for shutdown', async () => {
  const text = `${START} observe('a', () => 1);
    process.once('SIGTERM', async () => { await CognObserve.shutdown(); process.exit(0); });
    setInterval(() => {}, 1000); console.log('up');`;
  const heard = (child) => child.kill('SIGTERM');
  assert.equal((await runModule(text, options({ heard }))).code, 0);
  assert.equal(ledger.spans.length, 1);
});

test('what is lost by process.exit, or by an error that nobody catches, is counted and said in one line', async () => {
  const told = `process.on('exit', () => console.log(JSON.stringify(CognObserve.stats())));`;
  const three = `for (const name of ['a', 'b', 'c']) observe(name, () => 1);`;
  const LOST = /^\[cognobserve\] the program ended with (\d+) spans not sent.*shutdown\(\).*$/gm;
  const lostOf = (err) => [...err.matchAll(LOST)].map(([, count]) => Number(count));
  const left = await runModule(`${START} ${three} ${told} process.exit(4);`, options());
  assert.deepEqual([left.code, lostOf(left.err), left.err.split('\n').length], [4, [3], 2]);
  assert.deepEqual(JSON.parse(left.out), { sent: 0, dropped: 3, refused: 0, waiting: 0 });

  const failed = await runModule(`${START} ${three} throw new Error('as ever');`, options());
  assert.deepEqual([failed.code, lostOf(failed.err)], [1, [3]]);

  // What a first `init` still sends is lost as well, be it under way or not.
  ledger.answer = () => 'hang';
  const twice = `${START} ${three} void CognObserve.flush(); await new Promise((done) => setTimeout(done, 50));
    CognObserve.init({ endpoint: process.env.TEST_URL, apiKey: '${KEY}' }); observe('d', () => 1); process.exit(0);`;
  assert.deepEqual(lostOf((await runModule(twice, options())).err), [4]);

  ledger.answer = accept;
  const saved = `${START} ${three} await CognObserve.shutdown(); process.exit(0);`;
  assert.equal((await runModule(saved, options())).err, '');
});

test('flush keeps a program alive until it is done', async () => {
  const text = `${START} observe('a', () => 1); await CognObserve.flush(); console.log(CognObserve.stats().sent);`;
  const { code, out } = await runModule(text, options());
  assert.deepEqual([code, out], [0, '1\n']);
});
