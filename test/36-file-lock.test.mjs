// File locks: between processes, in one process, waiting without a thread of anybody else.
import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readFile } from 'node:fs';
import { open } from 'node:fs/promises';
import test from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { FileLock } from 'crossmem';
import { keep, makeFile, missingFile, onWindows, root, startCode } from './helpers/fixture.mjs';

const ranges = FileLock.ranges;
const timeout = { name: 'CrossmemError', code: 'ERR_CROSSMEM_TIMEOUT' };

const holder = (path, options = {}) =>
  startCode(
    `const [, path, options] = process.argv;
     const lock = crossmem.FileLock.lockSync(path, JSON.parse(options));
     say(1);
     await hear();
     lock.release();
     say(2);
     await hear();`,
    { args: [path, JSON.stringify(options)] },
  );

for (const flock of [false, true]) {
  const kind = flock ? 'flock' : 'record';

  test(`${kind} locks exclude other processes until they are released`, async () => {
    const path = makeFile();
    const child = holder(path, { flock });
    await child.next();
    assert.equal(FileLock.tryLock(path, { flock }), null);
    assert.equal(FileLock.tryLock(path, { flock, mode: 'shared' }), null);
    assert.throws(() => FileLock.lockSync(path, { flock, timeout: 10 }), timeout);
    await assert.rejects(FileLock.lock(path, { flock, timeout: 10 }), { ...timeout, path });
    const waiting = FileLock.lock(path, { flock });
    child.say('release');
    const lock = keep(await waiting);
    assert.deepEqual([lock.mode, lock.released], ['exclusive', false]);
    assert.equal(await child.next(), 2);
    await child.end();
  });

  test(`${kind} locks go with their process`, async () => {
    const path = makeFile();
    const child = holder(path, { flock });
    await child.next();
    const waiting = FileLock.lock(path, { flock });
    await child.kill();
    (await waiting).release();
  });

  test(`${kind} locks are shared by those who share`, async () => {
    const path = makeFile();
    const child = holder(path, { flock, mode: 'shared' });
    await child.next();
    const mine = keep(FileLock.lockSync(path, { flock, mode: 'shared' }));
    assert.equal(mine.mode, 'shared');
    assert.equal(FileLock.tryLock(path, { flock }), null);
    await child.end();
  });
}

test('a signal ends a wait, before and while it waits', async () => {
  const path = makeFile();
  const lock = keep(FileLock.tryLock(path));
  const reason = new Error('enough');
  await assert.rejects(FileLock.lock(path, { signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const waiting = FileLock.lock(path, { signal: controller.signal });
  setImmediate(() => controller.abort());
  await assert.rejects(waiting, { name: 'AbortError' });
  lock.release();
  FileLock.tryLock(path).release();
});

test('a thread that would wait for itself is told', () => {
  const path = makeFile();
  const lock = keep(FileLock.tryLock(path));
  assert.throws(() => FileLock.lockSync(path), { code: 'EDEADLK' });
  assert.throws(() => FileLock.lockSync(path, { timeout: 1 }), timeout);
  lock.release();
  assert.equal(lock.released, true);
  lock.release();
});

test('descriptors and FileHandles are locked as descriptions', async () => {
  const path = makeFile();
  const fd = openSync(path, 'r+');
  const lock = FileLock.tryLock(fd);
  if (onWindows) {
    assert.equal(FileLock.tryLock(fd), null, 'LockFileEx locks each time anew');
    assert.throws(() => FileLock.lockSync(fd), { code: 'EDEADLK' });
  } else assert.ok(keep(FileLock.tryLock(fd)), 'one description has one lock');
  closeSync(fd);
  assert.equal(FileLock.tryLock(path), null);
  lock.release();
  const blocker = FileLock.tryLock(path);
  const shortLived = openSync(path, 'r+');
  const waiting = FileLock.lock(shortLived);
  closeSync(shortLived);
  const reused = openSync(makeFile(), 'r+');
  blocker.release();
  (await waiting).release();
  closeSync(reused);
  const handle = await open(path, 'r');
  const shared = keep(FileLock.tryLock(handle, { mode: 'shared' }));
  assert.equal(shared.mode, 'shared');
  // LockFileEx locks what can be read.
  if (onWindows) assert.equal(FileLock.tryLock(handle), null);
  else if (ranges) assert.throws(() => FileLock.tryLock(handle), { code: 'EBADF' });
  const whole = keep(FileLock.tryLock(handle, { flock: true }));
  assert.equal(whole.mode, 'exclusive');
  await handle.close();
});

test('a missing file is made', () => {
  const path = missingFile();
  FileLock.tryLock(path).release();
  assert.ok(existsSync(path));
});

test('ranges exclude what overlaps', { skip: !ranges }, () => {
  const path = makeFile();
  const lock = keep(FileLock.tryLock(path, { start: 10, length: 10 }));
  assert.ok(lock);
  assert.equal(FileLock.tryLock(path, { start: 19, length: 1 }), null);
  assert.equal(FileLock.tryLock(path), null);
  FileLock.tryLock(path, { start: 20n, length: 1n }).release();
  FileLock.tryLock(path, { length: 10 }).release();
  FileLock.tryLock(path, { start: 2 ** 53 - 1, length: 2 ** 53 - 1 }).release();
});

const converts = {
  skip: !ranges || (onWindows && 'LockFileEx converts no lock, and says so (the test after next)'),
};
test('shared locks are upgraded in one step, and back', converts, async () => {
  const path = makeFile();
  const one = FileLock.tryLock(path, { mode: 'shared' });
  const two = FileLock.tryLock(path, { mode: 'shared' });
  assert.equal(one.tryUpgrade(), false);
  assert.equal(one.mode, 'shared');
  assert.throws(() => one.upgradeSync({ timeout: 1 }), timeout);
  await assert.rejects(one.upgrade({ timeout: 1 }), timeout);
  await assert.rejects(one.upgrade({ signal: AbortSignal.timeout(1) }), { name: 'TimeoutError' });
  assert.equal(FileLock.tryLock(path), null, 'the shared lock was kept all the time');
  const upgrade = one.upgrade();
  two.release();
  await upgrade;
  assert.equal(one.mode, 'exclusive');
  assert.equal(FileLock.tryLock(path, { mode: 'shared' }), null);
  one.downgrade();
  assert.equal(one.mode, 'shared');
  FileLock.tryLock(path, { mode: 'shared' }).release();
  one.release();
  const next = keep(FileLock.tryLock(path, { mode: 'shared' }));
  const closed = { code: 'ERR_CROSSMEM_CLOSED', path };
  assert.throws(() => one.tryUpgrade(), closed);
  assert.throws(() => one.upgradeSync(), closed);
  assert.throws(() => one.downgrade(), closed);
  await assert.rejects(one.upgrade(), closed);
  one.release();
  assert.equal(next.mode, 'shared');
  assert.equal(FileLock.tryLock(path), null, 'the next one is still held');
});

test('a release ends an upgrade that waits', converts, async () => {
  const path = makeFile();
  const one = FileLock.tryLock(path, { mode: 'shared' });
  const two = keep(FileLock.tryLock(path, { mode: 'shared' }));
  const upgrade = one.upgrade();
  // Each would change what the waiting thread works on, and a release would end only one of two.
  const already = { code: 'EALREADY', path };
  assert.throws(() => one.tryUpgrade(), already);
  assert.throws(() => one.upgradeSync({ timeout: 1 }), already);
  assert.throws(() => one.downgrade(), already);
  await assert.rejects(one.upgrade(), already);
  one.release();
  await assert.rejects(upgrade, { code: 'ERR_CROSSMEM_CLOSED' });
  two.release();
  (await FileLock.lock(path)).release();
});

test('flock(2) has no upgrade, and says so', () => {
  const lock = keep(FileLock.tryLock(makeFile(), { mode: 'shared', flock: true }));
  assert.throws(() => lock.tryUpgrade(), {
    code: 'ERR_CROSSMEM_UNSUPPORTED',
    message: /read again/,
  });
  assert.throws(() => lock.downgrade(), { code: 'ERR_CROSSMEM_UNSUPPORTED' });
  assert.equal(lock.mode, 'shared');
});

test('64 waits leave the event loop and its thread pool alone', async () => {
  const path = makeFile();
  const lock = FileLock.tryLock(path);
  const waits = Array.from({ length: 64 }, () => FileLock.lock(path));
  // A pool of four threads with 64 waits in it would answer nothing of this.
  await Promise.all(Array.from({ length: 50 }, () => promisify(readFile)(path)));
  lock.release();
  let held = 0;
  await Promise.all(
    waits.map(async (wait) => {
      const one = await wait;
      assert.equal(++held, 1, 'two have it');
      await new Promise((resolve) => setImmediate(resolve));
      held--;
      one.release();
    }),
  );
});

test('a lock is held although nobody refers to it, and released when its worker ends', async () => {
  const path = makeFile();
  FileLock.tryLock(path, { mode: 'shared' });
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(FileLock.tryLock(path), null);
  const other = makeFile();
  const worker = new Worker(
    `const { FileLock } = require(${JSON.stringify(`${root}dist/index.js`)});
     const [path, busy] = require('node:worker_threads').workerData;
     FileLock.tryLock(path);
     FileLock.lock(busy).catch(() => {});
     require('node:worker_threads').parentPort.postMessage(1);
     setInterval(() => {}, 1000);`,
    { eval: true, workerData: [other, path] },
  );
  await new Promise((resolve) => worker.once('message', resolve));
  assert.equal(FileLock.tryLock(other), null);
  await worker.terminate();
  (await FileLock.lock(other)).release();
});

test('disposing releases', () => {
  const path = makeFile();
  FileLock.lockSync(path)[Symbol.dispose]();
  FileLock.tryLock(path).release();
});
