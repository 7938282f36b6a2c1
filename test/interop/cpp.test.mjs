// The C++ library as its users get it: installed, found by CMake and by pkg-config, or as a part of
// another project. Everything here happens outside of the repository.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { promisify } from 'node:util';
import { buildFolder as build, directory, onWindows, root, runtime } from '../helpers/fixture.mjs';

const prefix = join(directory, 'prefix');
const include = join(prefix, 'include');
const compiler = process.env.CXX ?? 'c++';
const strict = ['-std=c++20', '-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wconversion'];
strict.push('-Wold-style-cast', '-Werror');
const isBuild = existsSync(join(build, 'cmake_install.cmake'));
const skip =
  (onWindows && 'Wine runs no compiler') || (!isBuild && 'there is no build to install from');

const runs = (command, args, options) =>
  execFileSync(command, args, { cwd: directory, encoding: 'utf8', stdio: 'pipe', ...options });

/** A new empty folder. */
function makeFolder(name) {
  const folder = join(directory, name);
  mkdirSync(folder);
  return folder;
}

/** The first program of docs/cpp.md, as a file of this folder. */
function firstProgram(folder) {
  const manual = readFileSync(join(root, 'docs/cpp.md'), 'utf8');
  const [, code] = /^```cpp.*?\n(#include .*?^int main\(\).*?)^```/ms.exec(manual);
  const path = join(folder, 'program.cc');
  writeFileSync(path, code);
  return path;
}

before(() => {
  if (!skip) runs('cmake', ['--install', build, '--prefix', prefix]);
});

const withNode = { skip: skip || (runtime !== 'node' && 'is of Node.js and C++') };
test('two programs, C++ by find_package and Node.js, agree on every object', withNode, () => {
  const project = join(directory, 'example');
  cpSync(join(root, 'examples/cpp'), project, { recursive: true });
  const folder = join(project, 'build');
  const options = [`-DCMAKE_PREFIX_PATH=${prefix}`, '-DCMAKE_BUILD_TYPE=Release'];
  runs('cmake', ['-S', project, '-B', folder, '-G', 'Ninja', ...options]);
  runs('cmake', ['--build', folder]);
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(root, join(project, 'node_modules/crossmem'), 'dir');
  const output = runs(process.execPath, ['peer.mjs', join(folder, 'peer')], { cwd: project });
  assert.equal(output, '14 objects: all agree\n');
});

test('the first program of docs/cpp.md, by pkg-config', { skip }, (t) => {
  if (spawnSync('pkg-config', ['--version']).error) return t.skip('pkg-config is not installed');
  const folder = makeFolder('pkg-config');
  // Moved: no path of where it was installed is in it.
  const moved = join(folder, 'moved');
  cpSync(prefix, moved, { recursive: true });
  const env = { ...process.env, PKG_CONFIG_PATH: join(moved, 'lib/pkgconfig') };
  const ask = (...what) =>
    runs('pkg-config', [...what, 'crossmem'], { env })
      .trim()
      .split(/\s+/);
  assert.deepEqual(ask('--libs', '--static'), ask('--libs'), 'the library is static alone');
  const program = join(folder, 'program');
  const flags = ask('--cflags', '--libs');
  assert.ok(flags.every((flag) => !flag.includes(prefix)));
  runs(compiler, [...strict, '-o', program, firstProgram(folder), ...flags]);
  for (const line of ['visit 1\n', 'visit 2\n'])
    assert.equal(runs(program, [], { cwd: folder }), line);
});

test('a version that may be another API is not found', { skip }, () => {
  const folder = makeFolder('version');
  const wanted = 'find_package(crossmem 0.0 REQUIRED)';
  writeFileSync(
    join(folder, 'CMakeLists.txt'),
    `cmake_minimum_required(VERSION 3.22)\nproject(p LANGUAGES NONE)\n${wanted}\n`,
  );
  const args = ['-S', folder, '-B', join(folder, 'build'), `-DCMAKE_PREFIX_PATH=${prefix}`];
  const { status, stderr } = spawnSync('cmake', args, { encoding: 'utf8' });
  assert.notEqual(status, 0);
  assert.match(stderr, /compatible\s+with requested version "0\.0"/);
});

test('every header compiles alone', { skip }, async () => {
  const headers = readdirSync(join(include, 'crossmem'), { recursive: true }).filter((name) =>
    name.endsWith('.h'),
  );
  const known = readdirSync(join(root, 'core/include/crossmem')).filter((name) =>
    name.endsWith('.h'),
  );
  assert.deepEqual(headers.sort(), known.sort(), 'and no header of Windows is installed here');
  const check = async (header) => {
    const source = join(directory, `${header}.cc`);
    writeFileSync(source, `#include <crossmem/${header}>\n`);
    await promisify(execFile)(compiler, [...strict, '-fsyntax-only', `-I${include}`, source]);
  };
  const worker = async () => {
    for (let header = headers.pop(); header; header = headers.pop()) await check(header);
  };
  await Promise.all([worker(), worker()]);
});

test('every symbol is in the versioned namespace', { skip }, () => {
  const archive = join(prefix, 'lib/libcrossmem.a');
  const symbols = runs('nm', [archive], { maxBuffer: 2 ** 28 }).match(/\b_Z\w+/g);
  const own = symbols.filter((symbol) => /8crossmem/.test(symbol));
  assert.ok(own.length > 1000);
  assert.deepEqual(
    own.filter((symbol) => /8crossmem(?!2v0)/.test(symbol)),
    [],
  );
});

test('headers, CMake, pkg-config and npm tell the same version', { skip }, () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const header = readFileSync(join(include, 'crossmem/version.h'), 'utf8');
  const numbers = [...header.matchAll(/^#define CROSSMEM_VERSION_\w+ (\d+)$/gm)].map(([, n]) => n);
  assert.equal(numbers.join('.'), version);
  const pc = readFileSync(join(prefix, 'lib/pkgconfig/crossmem.pc'), 'utf8');
  assert.equal(/^Version: (.*)$/m.exec(pc)[1], version);
});

// From what npm publishes, which has neither tests nor node_modules. To build the library once more
// would take a minute: the object file of the program, and what it is compiled with, tell enough.
test('as a part of another project', { skip }, () => {
  const project = makeFolder('project');
  const [{ files }] = JSON.parse(runs('npm', ['pack', '--dry-run', '--json'], { cwd: root }));
  for (const { path } of files) {
    if (!/^(cmake|core|CMakeLists\.txt|CMakePresets\.json|LICENSE)/.test(path)) continue;
    cpSync(join(root, path), join(project, 'crossmem', path));
  }
  // On its own, without any option: what is not there is not built.
  runs('cmake', ['-S', join(project, 'crossmem'), '-B', join(project, 'alone'), '-G', 'Ninja']);

  firstProgram(project);
  writeFileSync(
    join(project, 'CMakeLists.txt'),
    `cmake_minimum_required(VERSION 3.22)
     project(project LANGUAGES CXX)
     set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
     add_subdirectory(crossmem)
     add_executable(program program.cc)
     target_link_libraries(program PRIVATE crossmem::crossmem)`,
  );
  const folder = join(project, 'build');
  runs('cmake', ['-S', project, '-B', folder, '-G', 'Ninja']);
  runs('ninja', ['-C', folder, 'CMakeFiles/program.dir/program.cc.o']);

  const commands = JSON.parse(readFileSync(join(folder, 'compile_commands.json'), 'utf8'));
  const commandOf = (name) => commands.find(({ file }) => file.endsWith(`/${name}`)).command;
  assert.doesNotMatch(commandOf('program.cc'), / -(W|D|m|f)/, 'nothing of ours is in theirs');
  assert.doesNotMatch(commandOf('mutex.cc'), / -W/, 'what warns us is not for them to see');
  const installed = join(project, 'installed');
  runs('cmake', ['--install', folder, '--prefix', installed]);
  assert.ok(!existsSync(installed), 'what is installed is theirs alone');
});
