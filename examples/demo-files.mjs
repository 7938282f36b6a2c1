// The demo's first scene: a real file, mapped and searched by four processes.
import { fork } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SingleBar } from 'cli-progress';
import { MappedFile } from 'crossmem';

const WORKERS = 4;
const MiB = 2 ** 20;
const mebibytes = (bytes) => `${(bytes / MiB).toFixed(1)} MiB`;
const milliseconds = (time) => `${time.toFixed(0)} ms`;

function bar(title) {
  const options = {
    format: `  ${title} [{bar}] {percentage}%  {value}/{total} MiB`,
    barsize: 40,
    hideCursor: true,
    noTTYOutput: false,
    autopadding: true,
  };
  return new SingleBar(options);
}

/** Four processes, each with its own mapping, scan a quarter each. */
async function scanInParallel({ path, pattern, size }) {
  const progress = bar('scanning');
  const done = Array(WORKERS).fill(0);
  let mostMemory = 0;
  const worker = fileURLToPath(new URL('demo-files-worker.mjs', import.meta.url));
  const children = done.map((_, index) => fork(worker, [path, pattern, index, WORKERS]));
  const next = (child, type) =>
    new Promise((resolve, reject) => {
      child.on('message', (message) => message.type === type && resolve(message));
      child.on('exit', (code) => reject(new Error(`a process ended early (${code})`)));
    });
  // All are started and have loaded the library before the clock runs, as readFileSync has.
  await Promise.all(children.map((child) => next(child, 'ready')));
  progress.start(Math.ceil(size / MiB), 0);
  const begin = performance.now();
  for (const [index, child] of children.entries()) {
    child.on('message', ({ type, bytes }) => {
      if (type !== 'progress') return;
      done[index] = bytes;
      progress.update(Math.round(done.reduce((sum, one) => sum + one) / MiB));
    });
  }
  const results = children.map((child) => next(child, 'result'));
  for (const child of children) child.send('scan');
  const counts = await Promise.all(results);
  const time = performance.now() - begin;
  progress.update(Math.ceil(size / MiB));
  progress.stop();
  // All four are still mapped: this is what they cost together.
  const measured = children.map((child) => next(child, 'memory'));
  for (const child of children) child.send('measure');
  for (const { pss } of await Promise.all(measured)) mostMemory += pss;
  for (const child of children) child.disconnect();
  return { time, matches: counts.reduce((sum, { matches }) => sum + matches, 0), pss: mostMemory };
}

function scanByReading({ path, pattern }) {
  const begin = performance.now();
  const bytes = readFileSync(path);
  let matches = 0;
  for (let at = bytes.indexOf(pattern); at !== -1; at = bytes.indexOf(pattern, at + 1)) matches++;
  return { time: performance.now() - begin, matches };
}

/** The file becomes shorter while it is looked at: elsewhere this is the end of the process. */
function truncateUnderneath(path) {
  const directory = mkdtempSync(join(tmpdir(), 'crossmem-demo-'));
  try {
    const copy = join(directory, 'copy');
    copyFileSync(path, copy);
    const file = MappedFile.open(copy);
    const { buffer } = file;
    const last = buffer.length - 1;
    truncateSync(copy, 100);
    console.log(`  the last byte, now behind the end of the file, reads as ${buffer[last]}`);
    const { kind, offset } = file.fault;
    console.log(`  mapping.fault: { kind: '${kind}', offset: ${offset} }`);
    try {
      file.view(0, 10);
    } catch (error) {
      console.log(`  the next verb throws ${error.code}:\n    ${error.message}`);
    }
    file.refresh();
    console.log(`  after refresh() the mapping has ${file.size} bytes, and life goes on`);
    file.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export async function showFiles(path, pattern) {
  const file = await MappedFile.openAsync(path);
  const { size } = file;
  console.log(`\n${path}, ${mebibytes(size)}, mapped: nothing has been read or copied yet.\n`);

  const warming = bar('prefetch');
  warming.start(Math.ceil(size / MiB), 0);
  await file.prefetch({ onProgress: ({ done }) => warming.update(Math.ceil(done / MiB)) });
  warming.stop();
  const { pages, resident } = file.residency();
  console.log(`  ${resident} of ${pages} pages are in RAM now, once for the whole machine.\n`);
  file.close();

  console.log(`${WORKERS} processes look for '${pattern}', a quarter of the file each:`);
  const mapped = await scanInParallel({ path, pattern, size });
  const read = scanByReading({ path, pattern });
  console.log(
    `  mapped, ${WORKERS} processes  ${milliseconds(mapped.time)}, ${mapped.matches} found`,
  );
  console.log(`  readFileSync, one   ${milliseconds(read.time)}, ${read.matches} found`);
  console.log(`  ${(read.time / mapped.time).toFixed(1)} times as fast\n`);
  if (mapped.matches !== read.matches) throw new Error('the two ways found different numbers');
  if (mapped.pss > 0) {
    console.log(`What the file costs in memory in all ${WORKERS} processes together:`);
    console.log(`  mapped        ${mebibytes(mapped.pss)} (proportional set size)`);
    console.log(`  with copies   ${mebibytes(size * WORKERS)}\n`);
  }

  console.log('A copy of the file is truncated under a live view:');
  truncateUnderneath(path);
  console.log();
}
