// RwLock, Semaphore, Event, Condition and Barrier, between processes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Barrier,
  Condition,
  CountingSemaphore,
  Event,
  Mutex,
  RwLock,
  Semaphore,
  SharedMemory,
} from 'crossmem';
import { keep, runCode, segmentName, startCode } from './helpers/fixture.mjs';

const timeout = { code: 'ERR_CROSSMEM_TIMEOUT' };

test('readers share, writers do not', async () => {
  const name = segmentName();
  const lock = keep(RwLock.open(name));
  const other = startCode(
    `const lock = crossmem.RwLock.open(process.argv[1]);
     for (;;) {
       const mode = await hear();
       if (mode === undefined) break;
       const guard = await lock['lock' + mode](); say(guard.mode);
       await hear(); guard.release(); say('released');
     }`,
    { args: [name] },
  );
  const table = { Shared: [1, 1, 0], Upgradeable: [1, 0, 0], Exclusive: [0, 0, 0] };
  for (const [mode, allowed] of Object.entries(table)) {
    other.say(mode);
    assert.equal(await other.next(), mode.toLowerCase());
    const found = ['Shared', 'Upgradeable', 'Exclusive'].map((ours) => {
      const guard = lock[`tryLock${ours}`]();
      guard?.release();
      return guard === null ? 0 : 1;
    });
    assert.deepEqual(found, allowed);
    assert.equal(lock.holders()[0].pid, other.pid);
    await assert.rejects(lock.lockExclusive({ timeout: 10 }), timeout);
    assert.throws(() => lock.lockExclusiveSync({ timeout: 10 }), timeout);
    other.say('release');
    await other.next();
  }
  lock.lockSharedSync().release();
  lock.lockUpgradeableSync().release();
  lock.lockExclusiveSync().release();
  await other.end();
});

test('a reader-writer lock is upgraded and downgraded', async () => {
  const name = segmentName();
  const lock = keep(RwLock.open(name));
  const guard = await lock.lockUpgradeable();
  const reader = lock.lockSharedSync();
  assert.equal(guard.tryUpgrade(), false);
  await assert.rejects(guard.upgrade({ timeout: 10 }), timeout);
  assert.throws(() => guard.upgradeSync(), { code: 'EDEADLK' });
  assert.equal(guard.mode, 'upgradeable');
  const pending = guard.upgrade();
  reader.release();
  await pending;
  assert.equal(guard.mode, 'exclusive');
  assert.equal(guard.tryUpgrade(), true);
  assert.equal(lock.tryLockShared(), null);
  assert.throws(() => lock.lockSharedSync(), { code: 'EDEADLK' });
  guard.downgrade('upgradeable');
  lock.tryLockShared().release();
  guard.upgradeSync();
  guard.downgrade('shared');
  assert.equal(guard.mode, 'shared');
  await assert.rejects(guard.upgrade(), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => guard.downgrade('exclusive'), { code: 'ERR_INVALID_ARG_VALUE' });
  guard.release();
  await assert.rejects(guard.upgrade(), { code: 'ERR_CROSSMEM_CLOSED' });
  lock.tryLockExclusive().release();
});

test('everybody is told of a writer that was killed', async () => {
  const name = segmentName();
  const lock = keep(RwLock.open(name));
  const code = `crossmem.RwLock.open(process.argv[1]).lockExclusiveSync(); process.kill(process.pid, 'SIGKILL');`;
  await runCode(code, { args: [name] });
  const reader = await lock.lockShared();
  assert.equal(reader.ownerDied, true);
  reader.release();
  const writer = await lock.lockExclusive();
  assert.equal(writer.ownerDied, true);
  writer.markConsistent();
  writer.release();
  assert.equal(lock.tryLockShared().ownerDied, false);
});

test('close releases what is held through it', () => {
  const name = segmentName();
  const lock = RwLock.open(name);
  lock.lockSharedSync();
  lock.lockSharedSync();
  lock.close();
  assert.ok(keep(RwLock.open(name)).tryLockExclusive());
  const semaphoreName = segmentName();
  const semaphore = Semaphore.open(semaphoreName, { permits: 3 });
  const again = keep(Semaphore.open(semaphoreName));
  semaphore.acquireSync(2);
  semaphore.close();
  assert.equal(again.available, 3);
});

test('a semaphore has its permits, also those of the dead', async () => {
  const name = segmentName();
  const semaphore = keep(Semaphore.open(name, { permits: 3 }));
  assert.deepEqual([semaphore.permits, semaphore.available], [3, 3]);
  const other = startCode(
    `crossmem.Semaphore.open(process.argv[1]).acquireSync(2); say('held'); await hear();`,
    { args: [name] },
  );
  await other.next();
  const one = semaphore.tryAcquire();
  assert.equal(semaphore.tryAcquire(), null);
  await assert.rejects(semaphore.acquire(1, { timeout: 10 }), timeout);
  assert.throws(() => semaphore.acquireSync(1, { timeout: 10 }), timeout);
  const pending = semaphore.acquire(2);
  await other.kill();
  const two = await pending;
  assert.equal(semaphore.available, 0);
  two.release();
  one.release();
  assert.equal(semaphore.available, 3);
  assert.throws(() => Semaphore.open(name, { permits: 4 }), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => Semaphore.open(segmentName()), { code: 'ENOENT' });
});

test('a counting semaphore counts', async () => {
  const name = segmentName();
  const semaphore = keep(CountingSemaphore.open(name, { initial: 2 }));
  assert.equal(semaphore.tryAcquire(3), false);
  semaphore.acquireSync(2);
  assert.equal(semaphore.value, 0);
  const pending = semaphore.acquire(2);
  const code = `crossmem.CountingSemaphore.open(process.argv[1]).release(5);`;
  await runCode(code, { args: [name] });
  await pending;
  assert.equal(semaphore.value, 3);
  assert.throws(() => semaphore.release(2 ** 30 - 1), { code: 'EOVERFLOW' });
  assert.throws(() => CountingSemaphore.open(segmentName()), { code: 'ENOENT' });
});

test('events tell others', async () => {
  const name = segmentName();
  const event = keep(Event.open(name));
  const other = startCode(
    `const event = crossmem.Event.open(process.argv[1]);
     say('waiting'); await event.wait(); say('told'); await hear();`,
    { args: [name] },
  );
  await other.next();
  assert.deepEqual([event.isSet, event.tryWait()], [false, false]);
  event.set();
  assert.equal(await other.next(), 'told');
  event.waitSync();
  await event.wait();
  event.reset();
  await assert.rejects(event.wait({ timeout: 5 }), timeout);
  assert.throws(() => event.waitSync({ timeout: 5 }), timeout);
  await other.end();
  const auto = keep(Event.open(segmentName(), { reset: 'auto', set: true }));
  assert.deepEqual([auto.tryWait(), auto.tryWait()], [true, false]);
  const waits = [auto.wait(), auto.wait()];
  auto.set();
  await Promise.race(waits);
  assert.equal(auto.isSet, false);
  auto.set();
  await Promise.all(waits);
});

test('a condition hands work over', async () => {
  const name = segmentName();
  const memory = keep(SharedMemory.create(name, { size: 64 }));
  const box = new Int32Array(memory.arrayBuffer);
  const mutex = keep(Mutex.open(name));
  const condition = keep(Condition.open(`${name}-c`));
  const other = startCode(
    `const [, name] = process.argv;
     const box = new Int32Array(crossmem.SharedMemory.open(name).arrayBuffer);
     const mutex = crossmem.Mutex.open(name);
     const condition = crossmem.Condition.open(name + '-c');
     say('ready');
     for (let i = 1; i <= 200; i++) {
       const guard = await mutex.lock();
       while (box[0] !== i) if (i % 2) condition.waitSync(guard); else await condition.wait(guard);
       box[0] = 0;
       condition.notifyAll();
       guard.release();
     }`,
    { args: [name] },
  );
  await other.next();
  for (let i = 1; i <= 200; i++) {
    const guard = await mutex.lock();
    box[0] = i;
    condition.notify();
    while (box[0] !== 0) await condition.wait(guard);
    guard.release();
  }
  assert.equal((await other.end()).code, 0);
});

test('a wait for a condition that fails holds the mutex again', async () => {
  const mutex = keep(Mutex.open(segmentName()));
  const condition = keep(Condition.open(segmentName()));
  const guard = await mutex.lock();
  await assert.rejects(condition.wait(guard, { timeout: 5 }), timeout);
  assert.throws(() => condition.waitSync(guard, { timeout: 5 }), timeout);
  const controller = new AbortController();
  const pending = condition.wait(guard, { signal: controller.signal });
  assert.equal(guard.released, true);
  controller.abort();
  await assert.rejects(pending, { name: 'AbortError' });
  assert.equal(guard.released, false);
  assert.equal(mutex.tryLock(), null);
  guard.release();
  await assert.rejects(condition.wait(guard), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('a barrier lets all go together, without the dead', async () => {
  const name = segmentName();
  const barrier = keep(Barrier.open(name, { parties: 2 }));
  const code = `const barrier = crossmem.Barrier.open(process.argv[1]);
    say('coming'); say(await barrier.arrive()); say(barrier.arriveSync()); await hear();`;
  const dead = startCode(code, { args: [name] });
  await dead.next();
  while (barrier.arrived === 0) await sleep(1);
  await dead.kill();
  assert.equal(barrier.arrived, 0);
  await assert.rejects(barrier.arrive({ timeout: 20 }), timeout);
  const other = startCode(code, { args: [name] });
  await other.next();
  assert.notEqual(await barrier.arrive(), await other.next());
  assert.notEqual(barrier.arriveSync(), await other.next());
  await other.end();
  assert.equal(barrier.parties, 2);
});
