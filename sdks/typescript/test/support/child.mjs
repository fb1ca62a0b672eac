// Runs a program in a process of its own and tells how it ended.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(COGNOBSERVE_|NODE_)/.test(name)));
}

/** Answers `{ code, signal, out, err }`; `heard` gets the child and what it has written so far. */
export function run(args, { env = {}, cwd = ROOT, command = process.execPath, heard = () => {} } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...cleanEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said.out += text;
      heard(child, said.out);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (said.err += text));
    child.once('error', failed);
    child.once('close', (code, signal) => done({ code, signal, ...said }));
  });
}

/** Runs the text of an ES module within the package. */
export const runModule = (text, options = {}) =>
  run([...(options.flags ?? []), '--input-type=module', '-e', text], options);
