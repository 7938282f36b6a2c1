// What 64 pending waits for a lock cost everybody else: the thread pool of libuv has four threads.
import { unlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileLock } from 'crossmem';
import { interleave } from '../interleave.mjs';
import { atMost } from '../report.mjs';

const WAITS = 64;
const READS = 2000;

export async function compareWaiting(rounds) {
  const path = join(tmpdir(), `crossmem-bench-${process.pid}-waits`);
  const other = `${path}-read`;
  writeFileSync(other, 'x'.repeat(1000));
  const read = async () => {
    for (let i = 0; i < READS; i++) await readFile(other);
  };
  let lock;
  let waits = [];
  const times = await interleave(
    {
      alone: read,
      waiting: {
        before() {
          lock = FileLock.tryLock(path);
          waits = Array.from({ length: WAITS }, () => FileLock.lock(path));
        },
        run: read,
        async after() {
          lock.release();
          // Whoever has it first must let it go for the others.
          await Promise.all(waits.map(async (wait) => (await wait).release()));
        },
      },
    },
    rounds,
  );
  unlinkSync(path);
  unlinkSync(other);
  const each = (milliseconds) => (milliseconds * 1000) / READS;
  const what = `fs.readFile while ${WAITS} locks are waited for`;
  return [atMost(what, 'us', each(times.waiting), 'without', each(times.alone), 1.1)];
}
