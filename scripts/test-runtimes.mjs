// Runs the JavaScript suite on the other versions of Node.js that toolchain/ brings.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildPreset, buildTypeScript, fail, root, run, testFiles } from './tools.mjs';

if (!existsSync(join(root, 'toolchain/node_modules'))) run('npm', ['ci', '--prefix', 'toolchain']);
buildPreset('release');
buildTypeScript();
for (const version of ['node22', 'node24']) {
  const node = join(root, 'toolchain/node_modules', version, 'bin/node');
  console.log(run(node, ['--version'], { stdio: 'pipe' }).trim());
  const args = ['--test', '--test-concurrency=2', '--test-reporter=dot', ...testFiles()];
  const { status } = spawnSync(node, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) fail(`The tests failed on ${version}`);
}
