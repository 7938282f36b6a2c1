// `node peer.mjs PROGRAM`: the Node.js half of two programs that meet on every object of crossmem.
// It starts the C++ half, peer.cc; both go through the objects in the same order, and each checks
// what the other one has done.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as crossmem from 'crossmem';

const { Barrier, Mutex, SharedMemory } = crossmem;
const [program] = process.argv.slice(2);
const prefix = `peer-${process.pid}`;
const directory = mkdtempSync(join(tmpdir(), 'crossmem-peer-'));
const path = join(directory, 'file');
const rounds = 1000;
const greeting = 'from C++';
const answer = 'from Node';

const name = (object) => `${prefix}-${object}`;
// Every wait ends when the other one has, or takes far longer than it needs.
const stop = new AbortController();
const soon = { timeout: 20_000, signal: stop.signal };
const step = Barrier.open(name('step'), { parties: 2 });
/** Goes on when the other one has come as far as this. */
const meet = () => step.arrive(soon);
const text = (message) => Buffer.from(message).toString();
/** Memory that both have, of zeroes at first. */
const shared = (object, size) => SharedMemory.openOrCreate(name(object), { size });

async function mappedFile() {
  writeFileSync(path, answer.padEnd(4096));
  await meet();
  await meet();
  const file = crossmem.MappedFile.open(path);
  assert.equal(file.view(64, greeting.length).toString(), greeting);
  file.close();
}

async function sharedMemory() {
  const memory = shared('memory', 4096);
  memory.write(answer, { offset: 64 });
  await meet();
  assert.equal(memory.view(0, greeting.length).toString(), greeting);
  await meet();
  memory.close();
}

async function fileLock() {
  const { FileLock } = crossmem;
  await meet();
  assert.equal(FileLock.tryLock(`${path}.lock`), null);
  const waiting = FileLock.lock(`${path}.lock`, soon);
  await meet();
  const lock = await waiting;
  await meet();
  await meet();
  lock.release();
}

/** Both count in turn with plain loads and stores: only the lock makes the sum right. */
async function mutex() {
  const memory = shared('count', 4);
  const count = new Uint32Array(memory.arrayBuffer);
  const mutex = Mutex.open(name('mutex'));
  await meet();
  for (let i = 0; i < rounds; i++) {
    const guard = await mutex.lock(soon);
    assert.equal(guard.ownerDied, false);
    count[0] += 1;
    guard.release();
  }
  await meet();
  assert.equal(count[0], 2 * rounds);
  await meet();
  mutex.close();
  memory.close();
}

async function rwLock() {
  const lock = crossmem.RwLock.open(name('rw-lock'));
  const reader = await lock.lockShared(soon);
  await meet();
  assert.equal(lock.tryLockExclusive(), null);
  await meet();
  reader.release();
  const writer = await lock.lockExclusive(soon);
  await meet();
  await meet();
  writer.release();
  lock.close();
}

async function semaphore() {
  const semaphore = crossmem.Semaphore.open(name('semaphore'), { permits: 2 });
  const permit = await semaphore.acquire(1, soon);
  await meet();
  assert.equal(semaphore.tryAcquire(), null);
  await meet();
  permit.release();
  await meet();
  assert.equal(semaphore.available, 2);
  semaphore.close();
}

async function countingSemaphore() {
  const semaphore = crossmem.CountingSemaphore.open(name('counting-semaphore'), { initial: 0 });
  await meet();
  semaphore.release(3);
  await meet();
  await semaphore.acquire(2, soon);
  assert.equal(semaphore.value, 0);
  await meet();
  semaphore.close();
}

async function event() {
  const ping = crossmem.Event.open(name('ping'), { reset: 'auto' });
  const pong = crossmem.Event.open(name('pong'), { reset: 'auto' });
  await meet();
  await ping.wait(soon);
  pong.set();
  await meet();
  ping.close();
  pong.close();
}

async function condition() {
  const memory = shared('turn', 1);
  const mutex = Mutex.open(name('turn-mutex'));
  const turned = crossmem.Condition.open(name('turned'));
  await meet();
  const guard = await mutex.lock(soon);
  memory.buffer[0] = 1;
  turned.notify();
  while (memory.buffer[0] !== 2) await turned.wait(guard, soon);
  guard.release();
  await meet();
  for (const one of [turned, mutex, memory]) one.close();
}

/** Of all who come, one is told that it was the last. */
async function barrier() {
  const memory = shared('last', 2);
  const barrier = Barrier.open(name('barrier'), { parties: 2 });
  memory.buffer[1] = (await barrier.arrive(soon)) ? 1 : 0;
  await meet();
  assert.notEqual(memory.buffer[0], memory.buffer[1]);
  await meet();
  barrier.close();
  memory.close();
}

async function lockManager() {
  const { locks } = crossmem;
  await meet();
  await locks.request(name('lock'), { ifAvailable: true }, (lock) => assert.equal(lock, null));
  await meet();
  await locks.request(name('lock'), { signal: stop.signal }, (lock) => assert.ok(lock));
  await meet();
}

async function queue() {
  const queue = crossmem.Queue.open(name('queue'), { capacity: 4096 });
  await queue.send(Buffer.from(answer), soon);
  await meet();
  assert.equal(text(await queue.receive(soon)), greeting);
  await meet();
  queue.close();
}

async function topic() {
  const topic = crossmem.Topic.open(name('topic'), { capacity: 4096 });
  const subscription = topic.subscribe();
  await meet();
  await meet();
  await topic.publish(Buffer.from(answer), soon);
  assert.equal(text(await subscription.receive(soon)), greeting);
  assert.equal(text(await subscription.receive(soon)), answer);
  await meet();
  topic.close();
}

async function latest() {
  const latest = crossmem.Latest.open(name('latest'), { size: 64 });
  await meet();
  await latest.changed({ ...soon, since: 0 });
  assert.equal(text(latest.get()), greeting);
  await latest.set(Buffer.from(answer), soon);
  await meet();
  latest.close();
}

const memoryObjects = [mappedFile, sharedMemory];
const lockObjects = [fileLock, mutex, rwLock, semaphore, countingSemaphore, event, condition];
const objects = [...memoryObjects, ...lockObjects, barrier, lockManager, queue, topic, latest];

const peer = spawn(program, [prefix, path], { stdio: 'inherit' });
const ended = once(peer, 'exit');
ended.then(
  ([code]) => code !== 0 && stop.abort(new Error(`the C++ program ended with ${code}`)),
  (error) => stop.abort(error),
);
try {
  for (const meetOn of objects) await meetOn();
  const [code] = await ended;
  assert.equal(code, 0);
  console.log(`${objects.length} objects: all agree`);
} finally {
  peer.kill();
  crossmem.Queue.unlink(name('queue')); // Where there is a message in it, it outlives both.
  step.close();
  rmSync(directory, { recursive: true });
}
