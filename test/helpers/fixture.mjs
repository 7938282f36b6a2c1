// What every test file shares: a directory that goes with the process, files in it, and really
// separate processes.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach } from 'node:test';
import { fileURLToPath } from 'node:url';
import system from './system.cjs';

export const {
  onWindows,
  runtime,
  underWine,
  openCall,
  addonPath,
  buildFolder,
  siblingAddon,
  countMappings,
  cannotCut,
} = system;

/** Options of a test that has no meaning on Windows: it is skipped there, and says why. */
export const notOnWindows = (reason) => ({ skip: onWindows && reason });

/** Options of a test that other runtimes than Node.js do not pass, with the reason for each. */
export const elsewhere = (reasons) => ({ skip: reasons[runtime] ?? false });

export const root = fileURLToPath(new URL('../..', import.meta.url));

export const directory = mkdtempSync(join(tmpdir(), 'crossmem-test-'));
after(() => {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    // Windows removes no file that is mapped, and its folder neither.
    if (!onWindows) throw error;
  }
});

const kept = [];
afterEach(() => {
  for (const one of kept.splice(0).reverse()) one[Symbol.dispose]();
});

/** `using` to the end of the test, for runtimes that have not got it. */
export function keep(disposable) {
  kept.push(disposable);
  return disposable;
}

const [major, minor] = process.versions.node.split('.').map(Number);
/** True where the runtime can make a SharedArrayBuffer of mapped memory. */
export const hasSharedBuffers =
  runtime !== 'deno' &&
  ((major === 22 && minor >= 23) || (major === 24 && minor >= 21) || (major >= 26 && minor >= 1));

let files = 0;

/** A new file with these contents. */
export function makeFile(contents = 'hello') {
  const path = join(directory, `file-${files++}`);
  writeFileSync(path, contents);
  return path;
}

/** A new file of this size without blocks. */
export function makeSparseFile(size) {
  const path = makeFile('');
  const fd = openSync(path, 'r+');
  ftruncateSync(fd, size);
  closeSync(fd);
  return path;
}

/** The path of a file that does not exist. */
export const missingFile = () => join(directory, `missing-${files++}`);

/** For tests of what a process leaves when it ends by itself. */
export const unlessItJustEnds = elsewhere({
  bun: 'Bun ends without the cleanup of its addons: what it leaves is removed as after a kill',
});

/** How each runtime says that a class is called without `new`. */
export const withoutNew = /cannot be invoked without 'new'|Cannot call a class constructor/;

/** What Deno names the program that it is given as text stands before what is given to that. */
const prelude = runtime === 'deno' ? 'process.argv.splice(1, 1);' : '';
const evaluate = (program, args) => ['-e', prelude + program, '--', ...args.map(String)];

/**
 * Runs CommonJS code in a process of its own and resolves with how it ended. `args` are its
 * `process.argv.slice(1)`; crossmem is in scope, unless `load` is false.
 */
export function runCode(code, { args = [], env = {}, flags = ['--expose-gc'], load = true } = {}) {
  const program = load ? `const crossmem = require('crossmem');\n${code}` : code;
  const child = spawn(process.execPath, [...flags, ...evaluate(program, args)], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      out[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...out }));
  });
}

/** {@link runCode} that must end well; resolves with what it printed as JSON. */
export async function resultOf(code, options) {
  const ended = await runCode(code, options);
  if (ended.code !== 0) {
    throw new Error(`ended with ${ended.code ?? ended.signal}\n${ended.stdout}${ended.stderr}`);
  }
  return JSON.parse(ended.stdout);
}

const ours = randomBytes(6).toString('hex');
let segments = 0;

/**
 * A name for a segment that nobody else has, short enough for every system; nor had anybody: who
 * was killed leaves his, and his process's number comes again. Later ones are behind it in order.
 */
export const segmentName = () => `cm-${ours}-${String(segments++).padStart(4, '0')}`;

/**
 * {@link runCode} for a process that is talked to: `next()` resolves with the next line it prints,
 * `say(line)` writes one to it (`process.stdin`), `kill(signal)` and `end()` resolve when it has gone.
 */
export function startCode(code, { args = [], env = {} } = {}) {
  const program = `const crossmem = require('crossmem');
    const say = (value) => require('node:fs').writeSync(1, JSON.stringify(value) + '\\n');
    const lines = require('node:readline').createInterface({ input: process.stdin });
    const heard = lines[Symbol.asyncIterator]();
    const hear = async () => (await heard.next()).value;
    (async () => { ${code} })().then(() => lines.close());`;
  return talkTo(process.execPath, ['--expose-gc', ...evaluate(program, args)], env);
}

/** The same for any program. */
export function talkTo(command, args, env = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  return {
    pid: child.pid,
    async next() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the process ended: ${JSON.stringify(await gone)}`);
      return JSON.parse(value);
    },
    say: (line) => child.stdin.write(`${line}\n`),
    kill(signal = 'SIGKILL') {
      child.kill(signal);
      return gone;
    },
    end() {
      child.stdin.end();
      return gone;
    },
  };
}

/** Resolves once the event loop has turned, finalizers included. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));
