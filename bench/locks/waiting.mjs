// What 64 pending waits for mutexes cost everybody else: the thread pool of libuv has four threads.
import { readFile, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Mutex } from 'crossmem';
import { interleave } from '../interleave.mjs';
import { atMost } from '../report.mjs';
import { segmentName } from '../shared-memory/python.mjs';

const WAITS = 64;
const READS = 50; // few: what else the machine does is then the same for all contenders
const readWhole = promisify(readFile);

/** Begins so many waits, spread over the mutexes, which are held. */
function waitFor(mutexes) {
  const guards = mutexes.map((mutex) => mutex.tryLock());
  const waits = Array.from({ length: WAITS }, (_, i) => mutexes[i % mutexes.length].lock());
  return async () => {
    for (const guard of guards) guard.release();
    // Whoever has it first must let it go for the others.
    await Promise.all(waits.map(async (wait) => (await wait).release()));
  };
}

export async function compareWaiting(rounds) {
  const name = segmentName();
  const names = Array.from({ length: WAITS }, (_, i) => `${name}-${i}`);
  const mutexes = names.map((one) => Mutex.open(one));
  const path = join(tmpdir(), name);
  writeFileSync(path, Buffer.alloc(2 ** 20));
  const read = async () => {
    for (let i = 0; i < READS; i++) await readWhole(path);
  };
  let stop;
  const during = (waitedFor) => ({
    before() {
      stop = waitFor(waitedFor);
    },
    run: read,
    after: () => stop(),
  });
  try {
    const times = await interleave(
      { alone: read, one: during(mutexes.slice(0, 1)), each: during(mutexes) },
      rounds * 4,
    );
    const row = (what, how) => {
      const each = (milliseconds) => (milliseconds * 1000) / READS;
      return atMost(what, 'us', each(times[how]), 'without', each(times.alone), 1.1);
    };
    return [
      row(`fs.readFile of 1 MiB while ${WAITS} wait for one mutex`, 'one'),
      row(`the same while ${WAITS} wait for one each`, 'each'),
    ];
  } finally {
    for (const mutex of mutexes) mutex.close();
    for (const one of names) Mutex.unlink(one);
    unlinkSync(path);
  }
}
