// What every test file shares: a directory that goes with the process, files in it, and really
// separate processes.
import { spawn } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const addonPath = process.env.CROSSMEM_ADDON ?? join(root, 'build/release/crossmem.node');
/** Another addon of the same build, such as `crash`. */
export const siblingAddon = (name) => join(dirname(addonPath), `${name}.node`);

export const directory = mkdtempSync(join(tmpdir(), 'crossmem-test-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const [major, minor] = process.versions.node.split('.').map(Number);
/** True where the runtime can make a SharedArrayBuffer of mapped memory. */
export const hasSharedBuffers =
  (major === 22 && minor >= 23) || (major === 24 && minor >= 21) || (major >= 26 && minor >= 1);

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

/**
 * Runs CommonJS code in a process of its own and resolves with how it ended. `args` are its
 * `process.argv.slice(1)`; crossmem is in scope, unless `load` is false.
 */
export function runCode(code, { args = [], env = {}, flags = ['--expose-gc'], load = true } = {}) {
  const program = load ? `const crossmem = require('crossmem');\n${code}` : code;
  const child = spawn(process.execPath, [...flags, '-e', program, '--', ...args.map(String)], {
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

/** How many mappings of this process name `what`; all of them without. */
export function countMappings(what = '') {
  const lines = readFileSync('/proc/self/maps', 'utf8').split('\n');
  return lines.filter((line) => line !== '' && line.includes(what)).length;
}

/** Resolves once the event loop has turned, finalizers included. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));
