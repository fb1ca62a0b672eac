// A server of its own with a little data, and a client for each way of asking.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink } from '@trpc/client';
import superjson from 'superjson';
import { Server, findBinary } from '../../../tests/browser/harness/server.mjs';

export const LINKS = { http: httpLink, batch: httpBatchLink, stream: httpBatchStreamLink };
export const FORMS = { plain: undefined, superjson };

const START = Date.parse('2026-01-10T12:00:00Z');
const trace = (n, user, extra = {}) => ({
  trace_id: `t${n}`, name: 'chat', timestamp: START + n * 1000, session_id: `s-${user.id ?? user}`,
  ...(user.id ? { user_id: user.id, user } : { user_id: user }),
  spans: [{
    span_id: `t${n}-1`, name: 'llm', type: 'generation', model: 'gpt-4o', start_time: START + n * 1000, end_time: START + n * 1000 + 500,
    usage: { prompt_tokens: 100, completion_tokens: 50 }, input: { createdAt: 'not a time' }, ...extra,
  }],
});
const TRACES = [
  trace(1, { id: 'john', name: 'John Doe', email: 'john@acme.com', plan: 'enterprise', createdAt: 'spring' }),
  trace(2, 'john', { level: 'ERROR', status_message: 'rate limit' }),
  trace(3, 'ann'),
];

/**
 * `dir`: the data of an earlier one, which has the traces already. `survivesFullDisk`: it is told of writes that
 * fail instead of being ended, so that `limitFiles` can stand in for a full disk.
 */
export async function startServer({ dir, survivesFullDisk } = {}) {
  const data = dir ?? makePlace('cognobserve-trpc-');
  const binary = findBinary();
  if (survivesFullDisk) process.env.COGNOBSERVE_TEST_BIN = wrap(binary);
  let server;
  try {
    server = await Server.start({ COGNOBSERVE_DATA_DIR: data });
  } finally {
    process.env.COGNOBSERVE_TEST_BIN = binary;
  }
  if (!dir) await server.feed(TRACES);
  const makeKey = (scopes) => {
    const environment = { ...process.env, COGNOBSERVE_DATA_DIR: data };
    const out = execFileSync(binary, ['keys', 'create', '--project', 'default', '--scopes', scopes, '--json'], { env: environment });
    return JSON.parse(out).key;
  };
  return { server, makeKey, dir: data };
}

/** A directory that goes with the process: by then its servers are stopped. */
function makePlace(prefix) {
  const place = mkdtempSync(join(tmpdir(), prefix));
  process.on('exit', () => rmSync(place, { recursive: true, force: true }));
  return place;
}

function wrap(binary) {
  const script = join(makePlace('cognobserve-trpc-bin-'), 'serve');
  writeFileSync(script, `#!/bin/sh\ntrap '' XFSZ\nexec '${binary}' "$@"\n`);
  chmodSync(script, 0o755);
  return script;
}

/** `size`: the most bytes that a file of the server's may have from now on, or `unlimited`. */
export function limitFiles(server, size) {
  execFileSync('prlimit', ['--pid', String(server.pid), `--fsize=${size}:`]);
}

/** Makes what all traces contain unreadable, in a store that nobody has open. */
export function damageTraces(dir) {
  const script = "import sqlite3, sys; base = sqlite3.connect(sys.argv[1]); base.execute(\"UPDATE payloads SET body = x'ff'\"); base.commit()";
  execFileSync('python3', ['-c', script, join(dir, 'ledger.db')]);
}

export function makeClient(server, key, { link = httpBatchLink, transformer, fetch, headers } = {}) {
  const sent = { ...(key ? { 'x-api-key': key } : {}), ...headers };
  return createTRPCClient({ links: [link({ url: `${server.url}/api/trpc`, headers: sent, transformer, fetch })] });
}
