// The whole test command: C++ and JavaScript suites with each backend, then the types.
// --quick: one backend. The last line counts them all.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import { buildPreset, buildTypeScript, root, testFiles } from './tools.mjs';

const backends = process.argv.includes('--quick')
  ? [['linux', 'release']]
  : [
      ['linux', 'release'],
      ['posix', 'posix'],
    ];
const table = new Table({
  head: ['suite', 'backend', 'passed', 'failed', 'skipped'],
  style: { compact: true, head: [], border: [] },
});
const total = { passed: 0, failed: 0, skipped: 0 };

function count(suite, backend, { passed, failed: failures, skipped = 0 }) {
  // A suite that ran nothing is a failure: its tests were lost on the way.
  const failed = passed + failures === 0 ? 1 : failures;
  table.push([suite, backend, passed, failed, skipped]);
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
}

function number(text, pattern) {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

/** C++: ctest runs each GoogleTest case in a process of its own. */
function testCore(backend, preset) {
  const { stdout, status } = spawnSync('ctest', ['--preset', preset, '--verbose'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) process.stdout.write(stdout);
  // What tests of chance have to say of how much they have seen.
  for (const [, line] of stdout.matchAll(/^\d+: (\d+ rounds, .*)$/gm)) console.log(line);
  const failed = number(stdout, /(\d+) tests? failed out of/);
  const all = number(stdout, /out of (\d+)/);
  // A runner that broke before it counted is a failure too.
  count('C++', backend, { passed: all - failed, failed: status === 0 ? failed : failed || 1 });
}

/** JavaScript: every file in a process of its own, two at a time. */
function testApi(backend, preset) {
  const summary = join(root, 'build', preset, 'js-tests.tap');
  const args = ['--test', '--test-concurrency=2', '--test-reporter=dot', '--test-reporter=tap'];
  args.push('--test-reporter-destination=stdout', `--test-reporter-destination=${summary}`);
  rmSync(summary, { force: true });
  const { status } = spawnSync(process.execPath, [...args, ...testFiles()], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, CROSSMEM_ADDON: join(root, 'build', preset, 'crossmem.node') },
  });
  console.log();
  const tap = readFileSync(summary, 'utf8');
  if (status !== 0) printFailures(tap);
  const failed = number(tap, /^# fail (\d+)/m);
  count('JavaScript', backend, {
    passed: number(tap, /^# pass (\d+)/m),
    failed: status === 0 ? failed : failed || 1,
    skipped: number(tap, /^# skipped (\d+)/m),
  });
}

function printFailures(tap) {
  for (const block of tap.split(/(?=^ *(?:not )?ok )/m)) {
    if (/^ *not ok /.test(block)) console.log(block.trimEnd());
  }
}

function testTypes() {
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { status } = spawnSync(tsc, ['-p', 'test/types'], { cwd: root, stdio: 'inherit' });
  count('types', '-', { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1 });
}

for (const [, preset] of backends) buildPreset(preset);
buildTypeScript();
testTypes();
for (const [backend, preset] of backends) {
  console.log(`\nTests with the ${backend} backend`);
  testCore(backend, preset);
  testApi(backend, preset);
}
console.log(table.toString());
const { passed, failed, skipped } = total;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
