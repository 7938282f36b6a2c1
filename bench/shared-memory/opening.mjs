// Opening a segment and taking a lock, against the system calls that it takes in C++.
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileLock, SharedMemory } from 'crossmem';
import { coreMedians } from '../core.mjs';
import { interleave } from '../interleave.mjs';
import { atMost } from '../report.mjs';
import { python, segmentName } from './python.mjs';

const TIMES = 20_000;

/** Microseconds for one of so many. */
const each = (milliseconds) => (milliseconds * 1000) / TIMES;
const repeat = (work) => () => {
  for (let i = 0; i < TIMES; i++) work();
};

export async function compareOpening(rounds, quick) {
  const name = segmentName();
  const held = SharedMemory.create(name, { size: 4096 });
  const manual = segmentName();
  SharedMemory.create(manual, { size: 4096, persist: 'manual' }).close();
  const path = join(tmpdir(), `${name}-lock`);
  const fd = openSync(path, 'w+');
  const options = { size: 4096 };
  const whole = { flock: true };
  const times = await interleave(
    {
      open: repeat(() => SharedMemory.openOrCreate(name, options).close()),
      manual: repeat(() => SharedMemory.openOrCreate(manual, options).close()),
      record: repeat(() => FileLock.tryLock(fd).release()),
      flock: repeat(() => FileLock.tryLock(fd, whole).release()),
    },
    rounds,
  );
  const c = coreMedians(quick, 'segment|lock');
  const nanoseconds = (row) => c.get(row) / 1000;
  const theirs = python(`
import time
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
resource_tracker.register = lambda *_: None # it would remove what it has not made
def run(name):
    m = SharedMemory(name)
    m.close()
for i in range(1000): run('${manual}')
begin = time.perf_counter()
for i in range(5000): run('${manual}')
print((time.perf_counter() - begin) / 5000 * 1e6)`);
  closeSync(fd);
  unlinkSync(path);
  held.close();
  SharedMemory.unlink(manual);
  const raw = nanoseconds('segment/raw/4096');
  const row = (what, time, against, figure, limit) =>
    atMost(what, 'us', each(time), against, figure, limit);
  return [
    row('openOrCreate + close of 4 KiB', times.open, 'C++ shm_open to close', raw, 2),
    row('the same, persist manual', times.manual, 'C++ shm_open to close', raw, 2),
    ...(theirs ? [row('the same', times.manual, "Python's SharedMemory", theirs, 1)] : []),
    row('FileLock, lock + release', times.record, 'C++ fcntl twice', nanoseconds('lock/record'), 2),
    row('FileLock by flock', times.flock, 'C++ flock twice', nanoseconds('lock/flock')),
    atMost(
      'C++ SharedMemory::open + close',
      'us',
      nanoseconds('segment/crossmem/4096'),
      'C++ shm_open to close',
      raw,
    ),
  ];
}
