// One real server on a free port and a directory of its own: `COGNOBSERVE_TEST_BIN`, else what was built last.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KEY } from './ledger.mjs';

const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url));

function findBinary() {
  const target = resolve(REPOSITORY, process.env.CARGO_TARGET_DIR ?? 'target');
  const binary = process.env.COGNOBSERVE_TEST_BIN ?? join(target, 'debug', 'cognobserve');
  if (!existsSync(binary)) {
    throw new Error(`${binary} is missing: run \`cargo build --bin cognobserve\``);
  }
  return binary;
}

/** Answers `{ url, env, read, killAndRestart, stop }` when the server is ready; `env` is what an app needs to find it. */
export async function startServer() {
  const home = mkdtempSync(join(tmpdir(), 'cognobserve-sdk-'));
  const isForeign = ([name]) => !/^(COGNOBSERVE_|OTEL_)/.test(name);
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(isForeign)),
    COGNOBSERVE_LISTEN: '127.0.0.1:0',
    COGNOBSERVE_DATA_DIR: join(home, 'data'),
    COGNOBSERVE_INIT_API_KEY: KEY,
  };
  let child;
  let ended;
  let log;
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const launch = () => {
    child = spawn(findBinary(), ['serve'], { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] });
    log = '';
    ended = new Promise((done) => child.once('close', (code, signal) => done(code ?? signal)));
    return new Promise((done, failed) => {
      const hear = (text) => {
        log += text;
        const found = / serves (http:\/\/127\.0\.0\.1:\d+)/.exec(log)?.[1];
        if (found) done(found);
      };
      child.stdout.setEncoding('utf8').on('data', hear);
      child.stderr.setEncoding('utf8').on('data', hear);
      child.once('error', failed);
      void ended.then((how) => failed(new Error(`the server ended at once with ${how}\n${log}`)));
    });
  };
  const url = await launch();
  // A server that comes back is found where it was.
  env.COGNOBSERVE_LISTEN = new URL(url).host;

  /** As a power cut would: without a word, and again with what was on the disk. */
  const killAndRestart = async () => {
    kill();
    await ended;
    await launch();
  };
  const read = async (path) => {
    const answer = await fetch(url + path, { headers: { 'x-api-key': KEY } });
    const text = await answer.text();
    if (answer.status !== 200) {
      throw new Error(`GET ${path}: ${answer.status} ${text}`);
    }
    return JSON.parse(text);
  };
  const stop = async () => {
    child.kill('SIGTERM');
    const how = await ended;
    process.removeListener('exit', kill);
    rmSync(home, { recursive: true, force: true });
    if (how !== 0 || log.includes('panicked at')) {
      throw new Error(`the server ended with ${how}:\n${log}`);
    }
  };
  return { url, env: { COGNOBSERVE_ENDPOINT: url, COGNOBSERVE_API_KEY: KEY }, read, killAndRestart, stop };
}

/** Until `look` answers something; what was counted is visible a moment after it was taken. */
export async function eventually(about, look) {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = await look();
    if (found) {
      return found;
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`it never came: ${about}`);
}
