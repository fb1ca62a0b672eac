// The time that observe() adds to a call, with a server that is healthy, dead, or hangs: p50 and p99 in microseconds.
import { CognObserve } from '@cognobserve/sdk';
import { Ledger } from '../test/support/ledger.mjs';

const CALLS = 20_000;
const WARM_UP = 3_000;
const ANSWER = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-4o',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello! '.repeat(100) } }],
  usage: { prompt_tokens: 12, completion_tokens: 300, total_tokens: 312 },
};
const MESSAGES = [{ role: 'user', content: 'What is the meaning of this? '.repeat(30) }];
const USER = { id: 'user-123', name: 'John Doe', email: 'john@acme.com', plan: 'pro' };

const call = async () => ANSWER;
const observed = () => CognObserve.observe({ name: 'ask', user: USER, type: 'generation', input: MESSAGES }, call);
const micros = (nanos) => (Number(nanos) / 1000).toFixed(1).padStart(8);

async function measure(work) {
  const times = [];
  for (let at = 0; at < WARM_UP + CALLS; at += 1) {
    const start = process.hrtime.bigint();
    await work();
    times.push(process.hrtime.bigint() - start);
    // As in a server, other work comes in between.
    if (at % 20 === 0) {
      await new Promise(setImmediate);
    }
  }
  const sorted = times.slice(WARM_UP).sort((a, b) => Number(a - b));
  return { p50: sorted[Math.floor(CALLS * 0.5)], p99: sorted[Math.floor(CALLS * 0.99)] };
}

const ledger = await Ledger.start();
const warn = console.warn;
console.warn = () => {};
const bare = await measure(call);
console.log(`${CALLS} calls, µs added by observe()     p50      p99   dropped`);
for (const [name, endpoint, answer] of [
  ['healthy', ledger.url, ledger.answer],
  ['dead', 'http://127.0.0.1:9', ledger.answer],
  ['hanging', ledger.url, () => 'hang'],
]) {
  ledger.answer = answer;
  CognObserve.init({ apiKey: 'co_sk_bench', endpoint, shutdownTimeout: 100 });
  const { p50, p99 } = await measure(observed);
  const { dropped } = CognObserve.stats();
  console.log(`${name.padEnd(30)} ${micros(p50 - bare.p50)} ${micros(p99 - bare.p99)} ${String(dropped).padStart(9)}`);
  await CognObserve.shutdown();
}
console.warn = warn;
await ledger.stop();
