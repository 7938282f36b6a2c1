// Formats C++ and everything else; with --check only says what is not formatted.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, runBin } from './tools.mjs';

const check = process.argv.includes('--check');

function sources(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((name) => /\.(cc|h)$/.test(name))
    .map((name) => join(folder, name));
}

const mode = check ? ['--dry-run', '--Werror'] : ['-i'];
run('clang-format', [...mode, ...['core', 'addon', 'examples'].flatMap(sources)]);
runBin('biome', check ? ['format'] : ['format', '--write']);
