// Where the native part is looked for, and what is said if it is missing.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { addonPath, directory, onWindows, resultOf, root } from './helpers/fixture.mjs';

const folders = onWindows ? ['windows', 'msvc/Release'] : ['release'];

const target = `${process.platform}-${process.arch}`;
let copies = 0;

/** A copy of the package, with this build of the addon in these folders of it. */
function copyPackage(...places) {
  copies += 1;
  const copy = join(directory, `copy-${copies}`);
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  for (const place of places) {
    mkdirSync(join(copy, place), { recursive: true });
    cpSync(addonPath, join(copy, place, 'crossmem.node'));
  }
  return copy;
}

/** What loading it says. */
function load(copy, { named, flags } = {}) {
  const code = `const told = {};
    try {
      told.pageSize = require(process.argv[1]).MappedFile.pageSize;
    } catch ({ code, message, path, cause }) {
      Object.assign(told, { code, message, path, cause: cause instanceof Error });
    }
    console.log(JSON.stringify(told));`;
  const options = { args: [join(copy, 'dist')], env: { CROSSMEM_ADDON: named }, load: false };
  return resultOf(code, { ...options, flags });
}

test('it is found where this system builds it', async () => {
  for (const folder of folders) {
    assert.ok((await load(copyPackage(join('build', folder)))).pageSize > 0, folder);
  }
});

test('it is found where the package has it', async () => {
  assert.ok((await load(copyPackage(join('prebuilds', target)))).pageSize > 0);
});

test('one that was built here goes before', async () => {
  const copy = copyPackage(join('prebuilds', target), join('build', folders[0]));
  writeFileSync(join(copy, 'prebuilds', target, 'crossmem.node'), 'not to be loaded');
  assert.ok((await load(copy)).pageSize > 0);
});

test('if it is missing, the error tells where it was looked for, and what to do', async () => {
  const { code, message, path } = await load(copyPackage());
  assert.equal(code, 'ERR_CROSSMEM_NO_ADDON');
  assert.match(path, /crossmem\.node$/);
  for (const folder of folders) assert.ok(message.includes(join('build', folder)), message);
  assert.ok(message.includes(join('prebuilds', target)), message);
  assert.match(message, onWindows ? /"cmake --build build\/msvc/ : /"npm run build:native"/);
});

test('if it cannot be loaded, the error tells why', async () => {
  const copy = copyPackage(join('prebuilds', target));
  const file = join(copy, 'prebuilds', target, 'crossmem.node');
  writeFileSync(file, 'no library');
  const { code, message, path, cause } = await load(copy);
  assert.deepEqual([code, path, cause], ['ERR_CROSSMEM_NO_ADDON', file, true]);
  assert.match(message, /cannot be loaded \(.+\)/s);
});

const permission = ['--permission', '--experimental-permission'].find((flag) =>
  process.allowedNodeEnvironmentFlags.has(flag),
);
const unless = { skip: permission === undefined && 'this runtime has no permission model' };

test('if Node.js may not load addons, the error tells what allows it', unless, async () => {
  const copy = copyPackage(join('prebuilds', target));
  const { code, message } = await load(copy, { flags: [permission, '--allow-fs-read=*'] });
  assert.equal(code, 'ERR_CROSSMEM_NO_ADDON');
  assert.match(message, /--allow-addons/);
  const flags = [permission, '--allow-fs-read=*', '--allow-addons'];
  assert.ok((await load(copy, { flags })).pageSize > 0);
});

test('CROSSMEM_ADDON names the only place', async () => {
  const named = join(directory, 'nowhere.node');
  const { code, path } = await load(copyPackage(join('build', folders[0])), { named });
  assert.deepEqual([code, path], ['ERR_CROSSMEM_NO_ADDON', named]);
});
