// Builds the addon for every platform that the package has a binary for, into `prebuilds`, and prints
// their sizes. Arguments: the platforms to build; all by default.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Table from 'cli-table3';
import { targets } from './targets.mjs';
import { fail, installToolchain, requireModules, root, run } from './tools.mjs';

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!(name in targets))
    fail(`No such platform: ${name}; there are ${Object.keys(targets).join(', ')}`);
}
const names = wanted.length > 0 ? wanted : Object.keys(targets);

function build(name) {
  const folder = `build/prebuild/${name}`;
  const quiet = { stdio: ['ignore', 'pipe', 'inherit'] };
  const options = [
    '-DCMAKE_BUILD_TYPE=MinSizeRel',
    '-DCMAKE_COMPILE_WARNING_AS_ERROR=ON',
    '-DCROSSMEM_TESTS=OFF',
    '-DCROSSMEM_ADDON=ON',
    '-DCROSSMEM_INSTALL=OFF',
  ];
  run('cmake', ['-S', '.', '-B', folder, '-G', 'Ninja', ...options, ...targets[name]], quiet);
  run('cmake', ['--build', folder, '--target', 'crossmem'], quiet);
  const place = join(root, 'prebuilds', name);
  mkdirSync(place, { recursive: true });
  const file = join(place, 'crossmem.node');
  copyFileSync(join(root, folder, 'crossmem.node'), file);
  const bytes = readFileSync(file);
  return [name, bytes.length, gzipSync(bytes, { level: 9 }).length];
}

requireModules();
installToolchain();
run('sh', ['scripts/ensure-tools.sh']);
if (names.includes('win32-x64')) run('sh', ['scripts/ensure-tools.sh', '--windows']);

const kib = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`;
const table = new Table({
  head: ['platform', 'stripped', 'in the package, about'],
  colAligns: ['left', 'right', 'right'],
  style: { compact: true, head: [], border: [] },
});
for (const name of names) {
  const begun = Date.now();
  const [, size, packed] = build(name);
  table.push([name, kib(size), kib(packed)]);
  console.log(`${name}: ${((Date.now() - begun) / 1000).toFixed(0)} s`);
}
console.log(table.toString());
