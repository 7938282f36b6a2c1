// Runs the JavaScript suite on every runtime for this system, with the binary that the package has for
// it. Arguments: some of them, as bun or node24. What a runtime does not pass is skipped in the tests,
// by name and with the reason.
import { execFile as execFileCallback } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runtimes } from './runtimes.mjs';
import { countTap, judge, number, printCounts, runFiles } from './suite.mjs';
import {
  buildPreset,
  buildTypeScript,
  fail,
  installToolchain,
  root,
  run,
  testFiles,
} from './tools.mjs';

const execFile = promisify(execFileCallback);

/** How each runs a file of tests, and what it says of them. */
const kinds = {
  node: { args: (file) => ['--test-reporter=tap', '--test-force-exit', file], count: countTap },
  bun: {
    args: (file) => ['test', '--timeout', '300000', `./${file}`],
    count: (output) => ({
      passed: number(output, /^ *(\d+) pass$/m),
      skipped: number(output, /^ *(\d+) skip$/m),
      failed: number(output, /^ *(\d+) fail$/m),
    }),
  },
  deno: {
    args: (file) => ['test', '-A', '--no-check', '--reporter=tap', file],
    count(output) {
      const skipped = output.match(/^ok .*# SKIP/gm)?.length ?? 0;
      const passed = (output.match(/^ok /gm)?.length ?? 0) - skipped;
      return { passed, skipped, failed: output.match(/^not ok /gm)?.length ?? 0 };
    },
  },
};

async function testOn({ id, kind, command }) {
  const { args, count } = kinds[kind];
  const [program] = command();
  return runFiles(testFiles(), async (file, lane) => {
    const env = {
      ...process.env,
      NO_COLOR: '1',
      CROSSMEM_ADDON: join(root, 'prebuilds/linux-x64/crossmem.node'),
      CROSSMEM_BUILD: join(root, 'build/release'),
      CROSSMEM_DOMAIN: `${id}-${lane}`,
    };
    const options = { cwd: root, env, maxBuffer: 2 ** 28 };
    const {
      stdout,
      stderr,
      code = 0,
    } = await execFile('timeout', ['--kill-after=5', '300', program, ...args(file)], options).catch(
      (error) => error,
    );
    const report = (stdout + stderr).replaceAll(/^ *(ok |\(pass\)).*\n/gm, '');
    const result = judge(count(stdout + stderr), code === 0, report);
    console.log(
      `${id} ${file}: ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`,
    );
    return result;
  });
}

const here = runtimes.filter(({ kind }) => kind in kinds);
const wanted = process.argv.slice(2);
for (const id of wanted) {
  if (!here.some((one) => one.id === id))
    fail(`No such runtime: ${id}; there are ${here.map((one) => one.id).join(', ')}`);
}
installToolchain();
buildPreset('release');
buildTypeScript();
if (!existsSync(join(root, 'prebuilds/linux-x64/crossmem.node'))) {
  run('npm', ['run', '--silent', 'prebuild', '--', 'linux-x64']);
}
const results = {};
for (const one of here) {
  // Node.js 18 has no runner that the suite could use.
  if (wanted.length > 0 ? wanted.includes(one.id) : one.id !== 'node18')
    results[one.name] = await testOn(one);
}
printCounts(results, 'with the binary of the package');
