// One `cognobserve serve` process on a free port and a directory of its own, with a key and an account
// that are known beforehand. A server that panicked, or does not end when told to, fails whoever stops it.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitUntil } from './wait.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const KEY = `co_sk_${'browserTests'.padEnd(43, '0')}`;
export const EMAIL = 'owner@example.com';
export const PASSWORD = 'correct horse battery staple';
const LONGEST_START_MS = 60_000;
const LONGEST_STOP_MS = 20_000;

/** The binary under test: the one that `make` has just built, else the one in the target directory. */
export function findBinary() {
  const target = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target');
  const binary = process.env.COGNOBSERVE_TEST_BIN ?? join(target, 'debug', 'cognobserve');
  if (!existsSync(binary)) {
    throw new Error(`${binary} is missing: run \`cargo build --bin cognobserve\``);
  }
  return binary;
}

/** The outer environment without any setting of the server's. */
function cleanEnvironment() {
  const isForeign = ([name]) => !name.startsWith('COGNOBSERVE_') && !name.startsWith('OTEL_');
  return Object.fromEntries(Object.entries(process.env).filter(isForeign));
}

export class Server {
  #child;
  #home;
  #log = '';
  #ended;
  #killNow = () => this.#child.kill('SIGKILL');
  url;

  /** Ready when this answers. `settings`: environment variables on top. */
  static async start(settings = {}) {
    const server = new Server();
    server.#spawn(settings);
    try {
      await server.#waitReady();
    } catch (error) {
      await server.kill();
      throw new Error(`${error.message}\n${server.log}`);
    }
    return server;
  }

  get log() {
    return this.#log;
  }

  get pid() {
    return this.#child.pid;
  }

  #spawn(settings) {
    const binary = findBinary();
    this.#home = mkdtempSync(join(tmpdir(), 'cognobserve-browser-'));
    const environment = {
      ...cleanEnvironment(),
      COGNOBSERVE_LISTEN: '127.0.0.1:0',
      COGNOBSERVE_DATA_DIR: join(this.#home, 'data'),
      COGNOBSERVE_INIT_API_KEY: KEY,
      COGNOBSERVE_INIT_ADMIN_EMAIL: EMAIL,
      COGNOBSERVE_INIT_ADMIN_PASSWORD: PASSWORD,
      // The other stores events without people.
      COGNOBSERVE_EDITION: 'cloud',
      ...settings,
    };
    this.#child = spawn(binary, ['serve'], {
      cwd: this.#home,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.#log += text));
    }
    // `close` and not `exit`: only then all that it wrote has been read.
    this.#ended = new Promise((done) => {
      this.#child.once('close', (code, signal) => done({ code, signal }));
      this.#child.once('error', (error) => done({ code: null, signal: String(error) }));
    });
    // A test process that is ended from outside leaves no server behind.
    process.once('exit', this.#killNow);
  }

  async #waitReady() {
    let end;
    this.#ended.then((how) => (end = how));
    const check = () => {
      if (end) {
        throw new Error(`the server ended at once: ${JSON.stringify(end)}`);
      }
    };
    this.url = await waitUntil('the server says its address', LONGEST_START_MS, () => {
      check();
      return /(?: serves |serving url=)(http:\/\/127\.0\.0\.1:\d+)/.exec(this.#log)?.[1];
    });
    await waitUntil('the server is ready', LONGEST_START_MS, async () => {
      check();
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      await answer?.arrayBuffer();
      return answer?.status === 200;
    });
  }

  /** A call of the API with the key; answers status and body. */
  async call(method, path, body) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    const isJson = /json/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, body: isJson ? JSON.parse(text) : text };
  }

  /** GET that must answer 200 with JSON. */
  async read(path) {
    const { status, body } = await this.call('GET', path);
    if (status !== 200) {
      throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    }
    return body;
  }

  /** Sends traces in batches; every one must be taken without a warning. */
  async feed(traces) {
    for (let at = 0; at < traces.length; at += 250) {
      const part = traces.slice(at, at + 250);
      const { status, body } = await this.call('POST', '/v1/traces/batch', { traces: part });
      const odd = body.results?.find((result) => !result.success || result.warnings.length > 0);
      if (status !== 202 || body.success_count !== part.length || odd) {
        throw new Error(`the batch was not taken as it is: ${status} ${JSON.stringify(odd ?? body)}`);
      }
    }
  }

  /** Sends product events; every one must be stored without a warning. */
  async tell(events) {
    const { status, body } = await this.call('POST', '/v1/events', { events });
    const odd = body.results?.find((result) => !result.stored || result.warnings.length > 0);
    if (status !== 202 || body.success_count !== events.length || odd) {
      throw new Error(`the events were not taken as they are: ${status} ${JSON.stringify(odd ?? body)}`);
    }
  }

  /** SIGTERM, then SIGKILL and an error; an error also if it panicked. */
  async stop() {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), LONGEST_STOP_MS);
    const { code, signal } = await this.#ended;
    clearTimeout(timer);
    this.#leave();
    if (code !== 0 || this.#log.includes('panicked at')) {
      throw new Error(`the server ended with ${code ?? signal}:\n${this.#log}`);
    }
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await this.#ended;
    this.#leave();
  }

  #leave() {
    process.removeListener('exit', this.#killNow);
    rmSync(this.#home, { recursive: true, force: true });
  }
}
