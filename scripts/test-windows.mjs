// Builds for Windows and runs it under Wine: the C++ tests, and the JavaScript suite on Node.js for
// Windows. The last line counts them all.
//
// What Wine cannot do as Windows does, and what has no meaning there, stands below by name, with the
// reason; everything else runs.
import { execFile as execFileCallback, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { windowsNode, windowsPath, windowsVersions, wine } from './runtimes.mjs';
import { countTap, judge, number, printCounts, runFiles } from './suite.mjs';
import { buildPreset, buildTypeScript, root, run, testFiles } from './tools.mjs';

/** Files that test what Windows has not got, with the reason. */
const elsewhere = new Map([
  ['test/05-docs.test.mjs', 'runs shells'],
  ['test/06-migrating.test.mjs', 'runs npm and shells'],
  ['test/07-examples.test.mjs', 'runs shells'],
  ['test/interop/c.test.mjs', "talks to a program on POSIX's calls; see win32.test.mjs"],
  ['test/interop/flock.test.mjs', 'is of flock(1) and fcntl(2)'],
  ['test/interop/python.test.mjs', 'starts the Python of Linux'],
]);

/** What processes do with each other; run so often. */
const twoProcesses = [
  'test/34-shared-memory-lifetime.test.mjs',
  'test/37-mutex.test.mjs',
  'test/compat/node-filemap.test.mjs',
  'test/interop/win32.test.mjs',
];
const rounds = 20;

const execFile = promisify(execFileCallback);

/** Its functions are not declared by mingw-w64 10, which has another C runtime. */
const unread = 'descriptor_ucrt.cc';

/** Another compiler reads what only Windows has, as strictly. MSVC's own headers cannot be had here. */
function readByClang() {
  const library = '/usr/lib/gcc/x86_64-w64-mingw32/12-posix/include/c++';
  const system = [library, `${library}/x86_64-w64-mingw32`, '/usr/x86_64-w64-mingw32/include'];
  const sources = ['core/src/os/windows', 'core/src/os/portable'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.cc') && name !== unread)
      .map((name) => join(folder, name)),
  );
  run('clang++', [
    ...[
      '--target=x86_64-w64-mingw32',
      '-std=c++20',
      '-fsyntax-only',
      '-Wall',
      '-Wextra',
      '-Werror',
    ],
    ...['UNICODE', 'NOMINMAX', 'WIN32_LEAN_AND_MEAN', '_WIN32_WINNT=0x0A00'].map(
      (name) => `-D${name}`,
    ),
    ...system.flatMap((folder) => ['-isystem', folder]),
    ...['-Icore/include', '-Icore/src', ...sources],
  ]);
  console.log(`clang: ${sources.length} files are clean`);
}

function testCore() {
  const { stdout, status } = spawnSync('ctest', ['--preset', 'windows'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) process.stdout.write(stdout);
  const failed = number(stdout, /(\d+) tests? failed out of/);
  const all = number(stdout, /out of (\d+)/);
  return { passed: all - failed, failed: status === 0 ? failed : failed || 1, skipped: 0 };
}

/**
 * What Node.js calls ERROR_INTERNAL_ERROR: of some 1,500 processes that Wine 8 starts one dies before
 * it has begun, and Wine says so.
 */
const unborn = 'spawn UNKNOWN';

/** Runs one file; once more if Wine could not start a process. */
async function runFile(node, file, domain) {
  const result = await runOnce(node, file, domain);
  if (!result.report.includes(unborn)) return result;
  console.log(`${file}: Wine could not start a process ("${unborn}"); once more`);
  return runOnce(node, file, domain);
}

/** Resolves with what the file counted and, if it failed, with what it said. */
async function runOnce(node, file, domain) {
  const args = ['--test-reporter=tap', '--test-force-exit', windowsPath(join(root, file))];
  const env = {
    ...process.env,
    CROSSMEM_ADDON: windowsPath(join(root, 'build/windows/crossmem.node')),
    CROSSMEM_DOMAIN: domain,
  };
  const options = { cwd: root, env, maxBuffer: 2 ** 28 };
  const { stdout, code = 0 } = await execFile(
    'timeout',
    ['300', wine, node, ...args],
    options,
  ).catch((error) => error);
  return judge(countTap(stdout), code === 0, stdout.replaceAll(/^ *ok .*\n/gm, ''));
}

/** Each lane has agents and names of its own. */
function runAll(major, files, tell) {
  const node = windowsNode(major);
  return runFiles(files, async (file, lane) => {
    const result = await runFile(node, file, `node${major}-${lane}`);
    tell(file, result);
    return result;
  });
}

async function testApi(major) {
  for (const [file, reason] of elsewhere) console.log(`${file}: not here, it ${reason}`);
  const files = testFiles().filter((file) => !elsewhere.has(file));
  return runAll(major, files, (file, { passed, failed, skipped }) =>
    console.log(`${file}: ${passed} passed, ${failed} failed, ${skipped} skipped`),
  );
}

/** The suite of two processes, again and again: what fails now and then fails here. */
async function testRounds(major) {
  const files = Array.from({ length: rounds }, () => twoProcesses).flat();
  const total = await runAll(major, files, () => {});
  console.log(`${rounds} runs of ${twoProcesses.join(', ')}: ${total.failed} failures`);
  return total;
}

run('sh', ['scripts/ensure-tools.sh', '--windows']);
buildPreset('windows');
buildTypeScript();
readByClang();
// It would end with each program otherwise, and be just ending when the next one begins.
run(wine, ['--server', '-p']);
const results = { 'C++': testCore() };
const wanted = process.argv.slice(2);
const majors = wanted.length > 0 ? wanted : Object.keys(windowsVersions);
for (const major of majors) {
  results[`JavaScript, Node.js ${windowsVersions[major]}`] = await testApi(major);
}
results[`two processes, ${rounds} times, Node.js ${windowsVersions[majors[0]]}`] = await testRounds(
  majors[0],
);
printCounts(results, 'under Wine');
run(wine, ['--server', '-k']);
