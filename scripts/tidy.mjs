// Runs clang-tidy over the library and the addon, as many files at a time as there are processors.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { buildPreset, fail, root } from './tools.mjs';

buildPreset('release', { target: 'crossmem' });
const commands = JSON.parse(
  readFileSync(join(root, 'build/release/compile_commands.json'), 'utf8'),
);
// Relative names: a checkout below some folder "test" is still checked.
const files = [...new Set(commands.map(({ file }) => relative(root, file)))].filter(
  (file) => !file.includes('node_modules') && !file.includes('/test/'),
);
if (files.length === 0) fail('clang-tidy: no files to check');

function tidy(file) {
  return new Promise((resolve) => {
    const child = spawn('clang-tidy', ['--quiet', '-p', 'build/release', file], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.on('close', (status) => {
      if (status !== 0) console.log(output);
      resolve(status === 0);
    });
  });
}

let clean = true;
async function worker() {
  for (let file = files.pop(); file; file = files.pop()) clean = (await tidy(file)) && clean;
}
console.log(`clang-tidy: ${files.length} files`);
await Promise.all(Array.from({ length: availableParallelism() }, worker));
process.exitCode = clean ? 0 : 1;
