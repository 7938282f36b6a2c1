// Takes and releases a free lock many times in one of the ways that are compared; prints nanoseconds
// each.
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mutex, SharedMemory } from 'crossmem';
import { loadPeer } from '../load-peer.mjs';
import { segmentName } from '../shared-memory/python.mjs';
import { makeFlock } from './flock.mjs';

const AT_LEAST = 200; // milliseconds

const [how] = process.argv.slice(2);
const name = segmentName();
const path = join(tmpdir(), name);

function withMutex(makePair) {
  const mutex = Mutex.open(name);
  measure(makePair(mutex));
  mutex.close();
  Mutex.unlink(name);
}

function withFile(makePair) {
  const fd = openSync(path, 'w+');
  measure(makePair(fd));
  closeSync(fd);
  unlinkSync(path);
}

function flock(fd) {
  const { lock, unlock } = makeFlock(how, fd);
  return () => {
    lock();
    unlock();
  };
}

const ways = {
  tryLock: () => withMutex((mutex) => () => mutex.tryLock().release()),
  lockSync: () => withMutex((mutex) => () => mutex.lockSync().release()),
  // The least that a lock can be, on memory of the same kind: shared, and not of V8's heap.
  atomics() {
    const memory = SharedMemory.create(name, { size: 4096 });
    const words = new Int32Array(memory.buffer.buffer);
    const me = process.pid;
    measure(() => {
      if (Atomics.compareExchange(words, 0, 0, me) === 0) Atomics.store(words, 0, 0);
    });
    memory.close();
  },
  'fs-ext': () => withFile(flock),
  "crossmem's FileLock": () => withFile(flock),
  'fs-native-extensions': () =>
    withFile((fd) => {
      const { tryLock, unlock } = loadPeer('fs-native-extensions');
      return () => {
        tryLock(fd);
        unlock(fd);
      };
    }),
  'proper-lockfile': () =>
    withFile(() => {
      const { lockSync, unlockSync } = loadPeer('proper-lockfile');
      return () => {
        lockSync(path);
        unlockSync(path);
      };
    }),
};

function measure(pair) {
  const run = (times) => {
    const begin = performance.now();
    for (let i = 0; i < times; i++) pair();
    return performance.now() - begin;
  };
  // The runs that look for how many it takes are what V8 learns from.
  let times = 1;
  while (run(times) < AT_LEAST) times *= 2;
  console.log((run(times) * 1e6) / times);
}

ways[how]();
