// Reading and writing a segment, in place and by copies.
import { SharedMemory } from 'crossmem';
import Copying from 'crossmem/shared_memory';
import { interleave } from '../interleave.mjs';
import { loadPeer } from '../load-peer.mjs';
import { atMost, faster } from '../report.mjs';
import { python, segmentName } from './python.mjs';

const MiB = 2 ** 20;
const sizes = [
  [1024, 200_000, '1 KiB'],
  [MiB, 500, '1 MiB'],
];

function repeat(times, work) {
  return () => {
    for (let i = 0; i < times; i++) work();
  };
}

/** In microseconds each. */
function pythonWrites(name, size, times) {
  return python(`
import time
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
resource_tracker.register = lambda *_: None # it would remove what it has not made
m = SharedMemory('${name}')
data = bytes(${size})
for i in range(${times / 10}): m.buf[:${size}] = data
begin = time.perf_counter()
for i in range(${times}): m.buf[:${size}] = data
print((time.perf_counter() - begin) / ${times} * 1e6)
m.close()`);
}

export async function compareCopying(rounds) {
  const rows = [];
  // The getter that @markusjx/shared_memory has: a copy each time. Ours is the same by its drop-in.
  const copying = new Copying(`bench-${process.pid}`, 64 * MiB);
  const name = segmentName();
  const memory = SharedMemory.create(name, { size: 64 * MiB, persist: 'manual' });
  const views = 1000;
  const whole = await interleave(
    {
      view: repeat(views, () => memory.buffer[5]),
      copy: () => copying.buffer[5],
    },
    rounds,
  );
  rows.push(
    faster(
      'all of a 64 MiB segment as a Buffer',
      'us',
      (whole.view * 1000) / views,
      "a copying getter, as @markusjx/shared_memory's",
      whole.copy * 1000,
      100,
    ),
  );
  const shm = loadPeer('shm-typed-array');
  for (const [size, times, shown] of sizes) {
    const source = Buffer.alloc(size, 7);
    const target = Buffer.alloc(size);
    const { buffer } = memory;
    const peer = shm?.create(size, 'Buffer');
    const took = await interleave(
      {
        write: repeat(times, () => source.copy(buffer)),
        read: repeat(times, () => buffer.copy(target, 0, 0, size)),
        verb: repeat(times, () => memory.write(source)),
        ...(peer && { peer: repeat(times, () => source.copy(peer)) }),
      },
      rounds,
    );
    const each = (what) => (took[what] * 1000) / times;
    const theirs = pythonWrites(name, size, times);
    if (peer)
      rows.push(
        atMost(
          `write ${shown} in place`,
          'us',
          each('write'),
          'shm-typed-array',
          each('peer'),
          1.1,
        ),
      );
    if (theirs) rows.push(atMost(`write ${shown} in place`, 'us', each('write'), 'Python', theirs));
    rows.push(atMost(`write ${shown} by write()`, 'us', each('verb'), 'in place', each('write')));
    rows.push(
      atMost(`read ${shown} in place`, 'us', each('read'), 'write in place', each('write')),
    );
  }
  memory.close();
  SharedMemory.unlink(name);
  copying.close();
  return rows;
}
