// A server of its own with a little data, and a client for each way of asking.
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
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

export async function startServer() {
  const dir = mkdtempSync(join(tmpdir(), 'cognobserve-trpc-'));
  const server = await Server.start({ COGNOBSERVE_DATA_DIR: dir });
  await server.feed(TRACES);
  const makeKey = (scopes) => {
    const environment = { ...process.env, COGNOBSERVE_DATA_DIR: dir };
    const out = execFileSync(findBinary(), ['keys', 'create', '--project', 'default', '--scopes', scopes, '--json'], { env: environment });
    return JSON.parse(out).key;
  };
  return { server, makeKey };
}

export function makeClient(server, key, { link = httpBatchLink, transformer, fetch } = {}) {
  const headers = key ? { 'x-api-key': key } : {};
  return createTRPCClient({ links: [link({ url: `${server.url}/api/trpc`, headers, transformer, fetch })] });
}
