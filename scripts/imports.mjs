// What a binary of the package asks of the system that loads it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { run } from './tools.mjs';

const read = (...args) =>
  run('readelf', ['--wide', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

/** Of an ELF file: the libraries, the newest version of glibc, and the names that it looks for. */
export function importsOf(file) {
  const libraries = [...read('--dynamic', file).matchAll(/NEEDED.*\[(.*)\]/g)].map(
    ([, name]) => name,
  );
  const versions = [...read('--version-info', file).matchAll(/GLIBC_([\d.]+)/g)].map(
    ([, one]) => one,
  );
  const newest = versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  const names = [...read('--dyn-syms', file).matchAll(/ UND (\w+)/g)].map(([, name]) => name);
  return { libraries, newest, names };
}

/** node_api.h's functions come from the runtime. */
export const isOfNode = (name) => /^(napi|node_api)_/.test(name);

const machMagic = 0xfeedfacf;
const machTypes = { dynamicLibrary: 6, bundle: 8 };
const machProcessors = { 'darwin-x64': 0x01000007, 'darwin-arm64': 0x0100000c };

/** That a file is a library for macOS, as far as its header tells. */
export function checkMach(file, platform) {
  const header = readFileSync(file);
  assert.equal(header.readUInt32LE(0), machMagic);
  assert.equal(header.readUInt32LE(4), machProcessors[platform]);
  assert.ok(Object.values(machTypes).includes(header.readUInt32LE(12)));
}
