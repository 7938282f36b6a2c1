// How waits, upgrades and objects end in awkward moments: closed, released or aborted while
// something goes on, forgotten, terminated.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  Barrier,
  CountingSemaphore,
  Event,
  locks,
  Mutex,
  RwLock,
  Semaphore,
  SharedMemory,
  waitAll,
  waitAllSync,
  waitAny,
} from 'crossmem';
import { elsewhere, keep, resultOf, runCode, segmentName } from './helpers/fixture.mjs';

const closed = { code: 'ERR_CROSSMEM_CLOSED' };

/** Blocks this thread, so that what happens meanwhile is delivered after what follows. */
function block(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** An upgrade that waits for a reader. */
function upgrading() {
  const name = segmentName();
  const lock = keep(RwLock.open(name));
  const other = keep(RwLock.open(name));
  const reader = other.tryLockShared();
  const guard = lock.tryLockUpgradeable();
  return { lock, other, reader, guard };
}

test('while an upgrade waits, its guard does nothing else', async () => {
  const { other, reader, guard } = upgrading();
  const upgraded = guard.upgrade();
  const already = { code: 'EALREADY' };
  assert.throws(() => guard.tryUpgrade(), already);
  assert.throws(() => guard.upgradeSync({ timeout: 1 }), already);
  assert.throws(() => guard.downgrade('shared'), already);
  await assert.rejects(guard.upgrade(), already);
  reader.release();
  await upgraded;
  assert.equal(guard.mode, 'exclusive');
  assert.equal(other.tryLockShared(), null);
  guard.release();
  assert.ok(other.tryLockExclusive());
});

test('releasing or closing ends an upgrade that waits', async () => {
  for (const how of ['guard', 'lock']) {
    const { lock, other, reader, guard } = upgrading();
    const upgraded = guard.upgrade();
    if (how === 'guard') guard.release();
    else lock.close();
    await assert.rejects(upgraded, closed);
    assert.equal(other.holders().length, 1, how);
    reader.release();
    assert.ok(other.tryLockExclusive(), how);
  }
});

test('an upgrade that is aborted leaves the lock upgradeable', async () => {
  const { other, reader, guard } = upgrading();
  const controller = new AbortController();
  const upgraded = guard.upgrade({ signal: controller.signal });
  reader.release();
  block(50);
  // Got by now, and not told yet.
  controller.abort();
  await assert.rejects(upgraded, { name: 'AbortError' });
  assert.equal(guard.mode, 'upgradeable');
  assert.equal(other.tryLockExclusive(), null);
  assert.ok(keep(other.tryLockShared()));
  guard.release();
  assert.equal(other.holders().length, 1);
});

test('closing ends the waits of an object, and what they get is given back', async () => {
  const kinds = {
    mutex: [(name) => Mutex.open(name), (one) => one.tryLock(), (one) => one.lock()],
    rwLock: [
      (name) => RwLock.open(name),
      (one) => one.tryLockExclusive(),
      (one) => one.lockShared(),
    ],
    semaphore: [
      (name) => Semaphore.open(name, { permits: 1 }),
      (one) => one.tryAcquire(),
      (one) => one.acquire(),
    ],
    counting: [
      (name) => CountingSemaphore.open(name, { initial: 1 }),
      (one) => one.tryAcquire() && { release: () => one.release() },
      (one) => one.acquire(),
    ],
    event: [
      (name) => Event.open(name, { reset: 'auto', set: true }),
      (one) => one.tryWait() && { release: () => one.set() },
      (one) => one.wait(),
    ],
    all: [(name) => Mutex.open(name), (one) => one.tryLock(), (one) => waitAll([one])],
  };
  for (const [kind, [open, take, wait]] of Object.entries(kinds)) {
    for (const late of [false, true]) {
      const name = segmentName();
      const ours = keep(open(name));
      const theirs = open(name);
      const guard = take(ours);
      const waiting = wait(theirs);
      if (late) {
        guard.release();
        block(30);
      }
      theirs.close();
      if (!late) guard.release();
      await assert.rejects(waiting, closed, kind);
      assert.ok(take(ours), `${kind}, ${late ? 'got' : 'waiting'}`);
      assert.throws(() => theirs.waiters, closed);
    }
  }
});

test('a barrier that has opened is not given up', async () => {
  const name = segmentName();
  const [ours, theirs] = [0, 1].map(() => keep(Barrier.open(name, { parties: 2 })));
  const controller = new AbortController();
  const first = ours.arrive({ signal: controller.signal });
  while (theirs.arrived === 0) block(1);
  assert.equal(theirs.arriveSync(), true);
  block(30);
  controller.abort();
  assert.equal(await first, false);
});

test('closes a lock whose mapping was closed before it', () => {
  const memory = keep(SharedMemory.anonymous({ size: 4096 }));
  const mutex = Mutex.at(memory, 0);
  mutex.tryLock();
  memory.close();
  assert.throws(() => mutex.close(), closed);
  assert.equal(mutex.closed, true);
  mutex.close();
  assert.throws(() => mutex.tryLock(), closed);
});

test('nobody waits for himself', async () => {
  const name = segmentName();
  const [mutex, same] = [0, 1].map(() => keep(Mutex.open(name)));
  const deadlock = { code: 'EDEADLK' };
  await assert.rejects(waitAll([mutex, mutex]), deadlock);
  await assert.rejects(waitAll([mutex, same]), deadlock);
  assert.throws(() => waitAllSync([mutex, mutex]), deadlock);
  const semaphore = keep(Semaphore.open(segmentName(), { permits: 2 }));
  assert.equal((await waitAll([semaphore, semaphore])).length, 2);
  // biome-ignore lint/suspicious/noSparseArray: it is what is refused
  await assert.rejects(waitAny([, mutex]), { code: 'ERR_INVALID_ARG_TYPE' });
  const signal = { aborted: false };
  await assert.rejects(mutex.lock({ signal }), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('what is forgotten is closed, what is held is not', async () => {
  const name = segmentName();
  const result = await resultOf(
    `const { readdirSync } = require('node:fs');
     const { setTimeout: sleep } = require('node:timers/promises');
     const count = () => readdirSync('/dev/fd').length;
     (async () => {
       const name = process.argv[1];
       const guard = crossmem.Mutex.open(name + 'held').tryLock();
       const pending = crossmem.Event.open(name + 'pending').wait();
       const begin = count();
       let end = begin;
       for (let i = 0; i < 500; i++) crossmem.Mutex.open(name + i);
       for (let i = 0; i < 100 && (i === 0 || end - begin >= 10); i++) {
         gc();
         await sleep(10);
         end = count();
       }
       const held = crossmem.Mutex.open(name + 'held').tryLock() === null;
       guard.release();
       crossmem.Event.open(name + 'pending').set();
       await pending;
       console.log(JSON.stringify({ left: end - begin, held }));
     })();`,
    { args: [name] },
  );
  assert.equal(result.held, true);
  // Of 500; the process may have opened some of its own meanwhile.
  assert.ok(result.left < 10, `${result.left} descriptors`);
});

const blocked = {
  mutex: `Mutex.open(name).lockSync()`,
  event: `Event.open(name + 'event').waitSync()`,
  condition: `const mutex = Mutex.open(name + 'own');
    Condition.open(name + 'condition').waitSync(mutex.tryLock())`,
  file: `FileLock.lockSync(file)`,
};
const blockedWorker = (name, file, code) =>
  `const { Mutex, Event, Condition, FileLock } = require('crossmem');
   const name = ${JSON.stringify(name)};
   const file = ${JSON.stringify(file)};
   require('node:worker_threads').parentPort.postMessage('blocks');
   ${code};`;

for (const [what, code] of Object.entries(blocked)) {
  test(`a worker that blocks is terminated: ${what}`, async () => {
    const name = segmentName();
    const file = `/tmp/${name}.lock`;
    const worker = `const { Worker } = require('node:worker_threads');
      const mutex = crossmem.Mutex.open(${JSON.stringify(name)});
      const guard = mutex.tryLock();
      const lock = crossmem.FileLock.tryLock(${JSON.stringify(file)});
      const worker = new Worker(${JSON.stringify(blockedWorker(name, file, code))}, { eval: true });`;
    const terminated = await runCode(`${worker}
      worker.on('message', () => setTimeout(async () => {
        await worker.terminate();
        console.log('terminated');
      }, 50));`);
    assert.match(terminated.stdout, /terminated/);
    assert.equal(terminated.code, 0);
    const exited = await runCode(`${worker}
      worker.on('message', () => setTimeout(() => process.exit(3), 50));`);
    assert.equal(exited.code, 3);
  });
}

test('hundreds of web locks wait without work', async () => {
  const name = segmentName();
  const rounds = 300;
  let release;
  const first = locks.request(name, () => new Promise((resolve) => (release = resolve)));
  const order = [];
  const others = Array.from({ length: rounds }, (_, i) =>
    locks.request(name, () => {
      order.push(i);
    }),
  );
  const apart = Array.from({ length: rounds }, (_, i) => locks.request(`${name}-${i}`, () => i));
  await Promise.all(apart);
  const { pending } = await locks.query();
  assert.equal(pending.filter((lock) => lock.name === name).length, rounds);
  release();
  await Promise.all([first, ...others]);
  assert.deepEqual(
    order,
    order.map((_, i) => i),
  );
});

const workersGo = elsewhere({ deno: 'Deno ends no worker that waits in native code' });

test('a worker is gone at once, and so is what it held', workersGo, async () => {
  const name = segmentName();
  const mutex = keep(Mutex.open(name));
  const worker = new Worker(
    `const { Event, Mutex } = require('crossmem');
     globalThis.guard = Mutex.open(${JSON.stringify(name)}).lockSync();
     require('node:worker_threads').parentPort.postMessage('held');
     Event.open(${JSON.stringify(name)} + 'never').waitSync();`,
    { eval: true },
  );
  await once(worker, 'message');
  const waiting = mutex.lock();
  await worker.terminate();
  const guard = await waiting;
  assert.equal(guard.ownerDied, true);
  guard.release();
});
