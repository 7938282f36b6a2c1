// What the tarball has in it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { onWindows, root } from './helpers/fixture.mjs';

/** Every file is of one of these kinds, and there is one at least of each. */
const contents = [
  /^(package\.json|README\.md|CHANGELOG\.md|SUPPORTED\.md|THIRD-PARTY\.md|LICENSE)$/,
  /^dist\/(compat\/|fast\/)?[\w-]+\.((js|mjs)(\.map)?|d\.m?ts)$/,
  // What is needed to build where no binary fits, and for programs in C++.
  /^(CMakeLists\.txt|CMakePresets\.json)$/,
  /^cmake\/[\w.-]+$/,
  /^core\/CMakeLists\.txt$/,
  /^core\/include\/crossmem\/(windows\/)?\w+\.h$/,
  /^core\/src\/(\w+\/)*\w+\.(cc|h)$/,
  /^addon\/(CMakeLists\.txt|(posix\/|windows\/)?\w+\.(cc|h)|posix\/exports\.map)$/,
  /^scripts\/(build\.mjs|tools\.mjs|ensure-tools\.sh)$/,
];
/** Made by `npm run prebuild`, which only the package's own checks wait for. */
const binaries =
  /^prebuilds\/(linux-(x64|arm64)(-musl)?|win32-x64|darwin-(x64|arm64))\/crossmem\.node$/;

const skip = { skip: onWindows && 'npm is that of Linux here' };
const pack = () =>
  JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: root, encoding: 'utf8' }),
  )[0].files.map(({ path }) => path);

test('the package has what is needed, and nothing else', skip, () => {
  const files = pack().filter((path) => !binaries.test(path));
  for (const kind of contents)
    assert.ok(
      files.some((path) => kind.test(path)),
      String(kind),
    );
  const strange = files.filter((path) => !contents.some((kind) => kind.test(path)));
  assert.deepEqual(strange, []);
});

test('every entry of package.json is in the package', skip, () => {
  const files = new Set(pack());
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const targets = (entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(targets);
  for (const target of targets(exports)) assert.ok(files.has(target.slice(2)), target);
});

test('no script runs at install, and nothing else is installed', () => {
  const { scripts, dependencies, optionalDependencies, peerDependenciesMeta } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
    assert.equal(scripts[name], undefined, name);
  }
  // npm would run node-gyp.
  assert.ok(!existsSync(join(root, 'binding.gyp')));
  assert.deepEqual([dependencies, optionalDependencies], [undefined, undefined]);
  assert.deepEqual(peerDependenciesMeta, { msgpackr: { optional: true } });
});
