// A local stand-in for the server: keeps the batches that it gets, and answers as it is told to.
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';

export const KEY = `co_sk_${'sdkTests'.padEnd(43, '0')}`;

/** Takes the batch as the server does. */
export function accept(body) {
  if (body.events) {
    const told = body.events.map((event) => ({ event_id: event.event_id, success: true, warnings: [] }));
    return { status: 202, body: { results: told, success_count: told.length, error_count: 0 } };
  }
  const results = body.traces.map((trace) => ({
    trace_id: trace.trace_id,
    span_ids: trace.spans.map((span) => span.span_id),
    success: true,
    warnings: [],
  }));
  return { status: 202, body: { results, success_count: results.length, error_count: 0 } };
}

async function readBody(request) {
  const parts = [];
  for await (const part of request) {
    parts.push(part);
  }
  const raw = Buffer.concat(parts);
  const isPacked = request.headers['content-encoding'] === 'gzip';
  return { isPacked, bytes: raw.length, json: JSON.parse(isPacked ? gunzipSync(raw) : raw) };
}

export class Ledger {
  /** What came, in order: `{ path, headers, isPacked, bytes, body }`. */
  requests = [];
  /** `(body, number of the request)` answers `{ status, headers?, body? }`, `'hang'` or `'break'`. */
  answer = accept;
  #server;
  #port = 0;
  #waiting = [];

  static async start() {
    const ledger = new Ledger();
    await ledger.listen();
    return ledger;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** All traces of all requests. */
  get traces() {
    return this.requests.flatMap((request) => request.body.traces ?? []);
  }

  get spans() {
    return this.traces.flatMap((trace) => trace.spans);
  }

  get events() {
    return this.requests.flatMap((request) => request.body.events ?? []);
  }

  /** Listens, after `stop` on the same port again. */
  async listen() {
    this.#server = createServer((request, response) => void this.#take(request, response));
    await new Promise((done) => this.#server.listen(this.#port, '127.0.0.1', done));
    this.#port = this.#server.address().port;
  }

  async #take(request, response) {
    const { isPacked, bytes, json } = await readBody(request);
    this.requests.push({ path: request.url, headers: request.headers, isPacked, bytes, body: json });
    const told = await this.answer(json, this.requests.length - 1);
    this.#waiting = this.#waiting.filter(({ count, done }) => this.requests.length < count || done());
    if (told === 'hang') {
      return;
    }
    if (told === 'break') {
      request.socket.destroy();
      return;
    }
    const text = typeof told.body === 'string' ? told.body : JSON.stringify(told.body ?? {});
    response.writeHead(told.status, { 'content-type': 'application/json', ...told.headers });
    response.end(text);
  }

  /** Until so many requests have come. */
  async untilRequests(count) {
    if (this.requests.length < count) {
      await new Promise((done) => this.#waiting.push({ count, done }));
    }
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}
