// Where the native part is looked for, and what is said if it is missing.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { addonPath, directory, onWindows, resultOf, root } from './helpers/fixture.mjs';

const folders = onWindows ? ['windows', 'msvc/Release'] : ['release'];

/** What loading a copy of the package says, with this build of the addon in it, or without any. */
function load(folder, named) {
  const copy = join(directory, `copy-${String(folder).replace('/', '-')}`);
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  if (folder !== undefined) {
    mkdirSync(join(copy, 'build', folder), { recursive: true });
    cpSync(addonPath, join(copy, 'build', folder, 'crossmem.node'));
  }
  const code = `const told = {};
    try {
      told.pageSize = require(process.argv[1]).MappedFile.pageSize;
    } catch ({ code, message, path }) {
      Object.assign(told, { code, message, path });
    }
    console.log(JSON.stringify(told));`;
  const options = { args: [join(copy, 'dist')], env: { CROSSMEM_ADDON: named }, load: false };
  return resultOf(code, options);
}

test('it is found where this system builds it', async () => {
  for (const folder of folders) assert.ok((await load(folder)).pageSize > 0, folder);
});

test('if it is missing, the error tells where it was looked for, and what to do', async () => {
  const { code, message, path } = await load();
  assert.equal(code, 'ERR_CROSSMEM_NO_ADDON');
  assert.match(path, /crossmem\.node$/);
  for (const folder of folders) assert.ok(message.includes(join('build', folder)), message);
  assert.match(message, onWindows ? /"cmake --build build\/msvc/ : /"npm run build"/);
});

test('CROSSMEM_ADDON names the only place', async () => {
  const named = join(directory, 'nowhere.node');
  const { code, path } = await load(folders[0], named);
  assert.deepEqual([code, path], ['ERR_CROSSMEM_NO_ADDON', named]);
});
