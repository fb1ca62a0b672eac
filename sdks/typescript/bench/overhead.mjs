// The time that observe() adds to a call, with a server that is healthy, killed in between, absent, that hangs, or answers
// 429 or 503: microseconds, and what became of the spans. `node bench/overhead.mjs [calls]`
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CognObserve } from '@cognobserve/sdk';

const CALLS = Number(process.argv[2] ?? 20_000);
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

/** At the pace of a busy server: a pause after every tenth call. */
async function measure(work, halfway = () => {}) {
  const times = [];
  for (let at = 0; at < WARM_UP + CALLS; at += 1) {
    if (at === WARM_UP + CALLS / 2) halfway();
    const start = process.hrtime.bigint();
    await work();
    times.push(Number(process.hrtime.bigint() - start) / 1000);
    if (at % 10 === 9) {
      await new Promise((done) => setTimeout(done, 1));
    }
  }
  const sorted = times.slice(WARM_UP).sort((a, b) => a - b);
  return { p50: sorted[Math.floor(CALLS * 0.5)], p99: sorted[Math.floor(CALLS * 0.99)], longest: sorted.at(-1) };
}

async function startServer(how) {
  const path = fileURLToPath(new URL('server.mjs', import.meta.url));
  const child = spawn(process.execPath, [path, how], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = await once(child.stdout.setEncoding('utf8'), 'data');
  return { url: url.trim(), kill: () => child.kill('SIGKILL') };
}

function show(name, cells) {
  console.log(`| ${name.padEnd(16)} | ${cells.map((cell) => String(cell).padStart(9)).join(' | ')} |`);
}

console.warn = () => {};
const bare = await measure(call);
console.log(`${CALLS} calls; µs added by observe()\n`);
show('the server', ['p50', 'p99', 'longest', 'sent', 'dropped', 'waiting']);
show('---', Array(6).fill('---:'));
for (const [name, how] of [
  ['healthy', 'healthy'],
  ['killed halfway', 'healthy'],
  ['absent', ''],
  ['answers 429', '429'],
  ['answers 503', '503'],
  ['hangs', 'hanging'],
]) {
  const server = how ? await startServer(how) : { url: 'http://127.0.0.1:9', kill: () => {} };
  CognObserve.init({ apiKey: 'co_sk_bench', endpoint: server.url, flushInterval: 100, shutdownTimeout: 100 });
  const added = await measure(observed, name === 'killed halfway' ? server.kill : undefined);
  const { sent, dropped, waiting } = CognObserve.stats();
  show(name, [...['p50', 'p99', 'longest'].map((which) => (added[which] - bare[which]).toFixed(1)), sent, dropped, waiting]);
  await CognObserve.shutdown();
  server.kill();
}
