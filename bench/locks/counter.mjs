// One of several processes that lock, count and unlock for a while; says how often it did.
import { openSync } from 'node:fs';
import { Mutex, SharedMemory } from 'crossmem';
import { makeFlock } from './flock.mjs';

const [how, name, path, milliseconds] = process.argv.slice(2);
const counter = new Int32Array(SharedMemory.open(name).buffer.buffer);

// Functions of their own, for V8.
function byMutex() {
  const mutex = Mutex.open(name);
  return () => {
    const guard = mutex.lockSync();
    counter[0]++;
    guard.release();
  };
}

function byFlock() {
  const { lock, unlock } = makeFlock(how, openSync(path, 'r+'));
  return () => {
    lock();
    counter[0]++;
    unlock();
  };
}

const count = how === 'mutex' ? byMutex() : byFlock();
process.once('message', () => {
  const until = performance.now() + Number(milliseconds);
  let times = 0;
  // The clock costs more than a lock.
  for (; performance.now() < until; times += 16) {
    for (let i = 0; i < 16; i++) count();
  }
  process.send(times);
  process.disconnect();
});
process.send('ready');
