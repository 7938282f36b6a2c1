// Makes the API reference in build/docs: TypeScript by TypeDoc with the guides, C++ by Doxygen. What is
// not documented, linked to nowhere or not exported is an error.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './tools.mjs';

const tools = join(root, 'docs/tools');
if (!existsSync(join(tools, 'node_modules'))) run('npm', ['ci', '--prefix', tools]);
run('sh', ['scripts/ensure-tools.sh', '--docs']);
mkdirSync(join(root, 'build/docs'), { recursive: true });
run(join(tools, 'node_modules/.bin/typedoc'), ['--options', 'docs/tools/typedoc.json']);
run('doxygen', ['docs/tools/Doxyfile']);
console.log('build/docs/javascript/index.html\nbuild/docs/cpp/index.html');
