// `npm run bench -- NAME [--quick]`: builds what is missing, runs one benchmark, prints its table
// and writes it to bench/results/NAME.json.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPreset, fail, root, run } from '../scripts/tools.mjs';
import { report } from './report.mjs';

const benchmarks = {
  locks: './locks/bench.mjs',
  mapping: './mapping/bench.mjs',
  messages: './messages/bench.mjs',
  'shared-memory': './shared-memory/bench.mjs',
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
});
const [name = 'mapping'] = positionals;
if (!(name in benchmarks)) {
  fail(`There is no benchmark '${name}'; there is: ${Object.keys(benchmarks).join(', ')}`);
}
if (!existsSync(join(root, 'bench/peers/node_modules')))
  run('npm', ['ci', '--prefix', 'bench/peers']);
run('sh', ['scripts/ensure-tools.sh', '--bench']);
buildPreset('bench');

const { measure } = await import(benchmarks[name]);
report(name, await measure(values));
