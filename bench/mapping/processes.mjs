// What a file costs in memory when eight processes read all of it: proportional set sizes.
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { atMost } from '../report.mjs';

const PROCESSES = 8;
const reader = fileURLToPath(new URL('reader.mjs', import.meta.url));

/** All processes read, each says what it has when all are done, then they end. */
async function population(path, how) {
  const children = Array.from({ length: PROCESSES }, () => fork(reader, [path, how]));
  const message = (child) => new Promise((resolve) => child.once('message', resolve));
  await Promise.all(children.map(message));
  const answers = children.map(message);
  for (const child of children) child.send('measure');
  const sizes = await Promise.all(answers);
  for (const child of children) child.disconnect();
  return sizes.reduce((sum, size) => sum + size, 0);
}

export async function comparePopulations(path, size) {
  if (!existsSync('/proc/self/smaps')) return [];
  const mapped = await population(path, 'map');
  const read = await population(path, 'read');
  const what = `${PROCESSES} processes read the same ${size / 2 ** 20} MiB`;
  const GiB = 2 ** 30;
  return [
    atMost(`${what}, PSS in all`, 'GiB', mapped / GiB, 'the file', size / GiB, 1.1),
    { ...atMost(what, 'GiB', mapped / GiB, 'readFileSync', read / GiB, 1), target: 'less' },
  ];
}
