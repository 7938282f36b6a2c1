// The blocks of the migration guides that are for a project of a user: run there, in order, by npm
// itself, with crossmem as it would be published.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { addonPath, directory, root } from './helpers/fixture.mjs';
import { documents } from './helpers/markdown.mjs';

const project = join(directory, 'project');
const env = { ...process.env, CROSSMEM_ADDON: addonPath, npm_config_offline: 'true' };
const execute = (command, args, cwd = project) =>
  execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** By module: the drop-in's subpath. */
const modules = {
  'mmap-io': 'mmap-io',
  'node-mmap': 'node-mmap',
  'mmap-ipc': 'mmap-ipc',
  'node-filemap': 'node-filemap',
  '@markusjx/shared_memory': 'shared_memory',
};

function writePackage(folder, contents, index) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(contents));
  writeFileSync(join(folder, 'index.js'), index);
}

/** Packs a folder as for the registry; the tarball's path. */
function pack(folder) {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
  const [{ filename }] = JSON.parse(execute('npm', args, folder));
  return join(directory, filename);
}

const blocks = documents.flatMap(({ path, blocks }) =>
  blocks
    .filter(({ attributes }) => attributes === 'in-project')
    .map(({ code }) => ({ path, code })),
);

before(() => {
  // A dependency of the user's that asks for all of the modules, in versions of long ago.
  const asked = Object.fromEntries(Object.keys(modules).map((name) => [name, '^0.0.1']));
  const index = Object.keys(asked).map((name) => `exports['${name}'] = require('${name}');`);
  const theirs = { name: 'theirs', version: '1.0.0', dependencies: asked };
  writePackage(join(directory, 'theirs'), theirs, index.join('\n'));
  const dependencies = {
    crossmem: `file:${pack(root)}`,
    theirs: `file:${pack(join(directory, 'theirs'))}`,
  };
  writePackage(project, { name: 'project', version: '1.0.0', dependencies }, '');
  // The one that ends with `npm install` comes last.
  const installs = ({ code }) => Number(/^npm install$/m.test(code));
  for (const { code } of blocks.sort((a, b) => installs(a) - installs(b))) {
    execute('sh', ['-ec', code]);
  }
});

test('each guide shows how', () => {
  const guides = documents.filter(({ path }) => /^docs\/migrating-/.test(path));
  assert.equal(guides.length, Object.keys(modules).length + 1);
  for (const { path } of guides)
    assert.ok(
      blocks.some((block) => block.path === path),
      path,
    );
});

for (const [name, subpath] of Object.entries(modules)) {
  test(`${name} is crossmem/${subpath}, for the project and for its dependencies`, () => {
    const code = `const [a, b, c] = [require('${name}'), require('theirs')['${name}'], require('crossmem/${subpath}')];
      console.log(a === b && b === c);`;
    assert.equal(execute(process.execPath, ['-e', code]).trim(), 'true');
  });
}

test('an imported one is the default export, as the module itself was', () => {
  const code = "import mmap from 'mmap-io'; console.log(typeof mmap.map);";
  const output = execute(process.execPath, ['--input-type=module', '-e', code]);
  assert.equal(output.trim(), 'function');
});

test('an alias of npm alone would be crossmem itself', () => {
  const code = "console.log(require('crossmem').map, typeof require('mmap-io').map);";
  assert.equal(execute(process.execPath, ['-e', code]).trim(), 'undefined function');
});

test('TypeScript knows its types', () => {
  writeFileSync(
    join(project, 'typed.cts'),
    "import mmap = require('mmap-io');\nexport const buffer: Uint8Array = mmap.map(1, 1, 1, 3);\n",
  );
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'];
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
  execute(join(root, 'node_modules/.bin/tsc'), [...flags, ...types, 'typed.cts']);
});
