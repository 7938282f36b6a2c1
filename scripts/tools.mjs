// What the other scripts share: running a command, building a preset, saying what went wrong.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the project's folder and ends this program if it fails. */
export function run(command, args, options = {}) {
  const { status, stdout, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    ...options,
  });
  if (error) fail(`${command} could not be started: ${error.message}`);
  if (status !== 0) {
    if (stdout) process.stderr.write(stdout);
    fail(`${[command, ...args].join(' ')} failed`);
  }
  return stdout;
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Runs a program of node_modules. */
export function runBin(name, args) {
  requireModules();
  return run(`${root}node_modules/.bin/${name}`, args);
}

export function requireModules() {
  if (!existsSync(`${root}node_modules/node-addon-api`)) {
    fail('The development packages are missing: run "npm ci" first.');
  }
}

/** Brings the compilers and runtimes of `toolchain`, unless they are there. */
export function installToolchain() {
  const there = `${root}toolchain/node_modules/.package-lock.json`;
  if (
    existsSync(there) &&
    statSync(there).mtimeMs > statSync(`${root}toolchain/package-lock.json`).mtimeMs
  )
    return;
  run('npm', ['ci', '--prefix', 'toolchain'], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Configures and builds a CMake preset; prints only what a reader needs. */
export function buildPreset(preset, { target, options = [] } = {}) {
  requireModules();
  run('sh', ['scripts/ensure-tools.sh']);
  run('cmake', ['--preset', preset, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const only = target ? ['--target', target] : [];
  run('cmake', ['--build', '--preset', preset, ...only], { stdio: ['ignore', 'pipe', 'inherit'] });
}

export function buildTypeScript() {
  runBin('tsc', []);
}

/** The JavaScript tests, in the order of their names. */
export function testFiles() {
  return readdirSync(`${root}test`, { recursive: true })
    .filter((name) => name.endsWith('.test.mjs'))
    .sort()
    .map((name) => `test/${name}`);
}
