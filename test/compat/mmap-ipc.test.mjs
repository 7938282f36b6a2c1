// crossmem/mmap-ipc against what mmap-ipc does, and what killed the process there.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import test from 'node:test';
import { FileLock, SharedMemory } from 'crossmem';
import MmapIpc from 'crossmem/mmap-ipc';
import {
  directory,
  keep,
  onWindows,
  resultOf,
  runCode,
  segmentName,
  startCode,
  turn,
  unlessItJustEnds,
  withoutNew,
} from '../helpers/fixture.mjs';

test('the class is the module', () => {
  assert.equal(createRequire(import.meta.url)('crossmem/mmap-ipc'), MmapIpc);
  assert.throws(() => MmapIpc('x', 10, false), {
    name: 'TypeError',
    message: withoutNew,
  });
  assert.deepEqual(Object.keys(MmapIpc.prototype), []);
});

test('what one writes the other reads, by name with or without a slash', async () => {
  const name = segmentName();
  const mine = keep(new MmapIpc(name, 5000, false));
  assert.equal(mine.buffer(), mine.buffer());
  mine.buffer().write('hello');
  const read = await resultOf(
    `const MmapIpc = require('crossmem/mmap-ipc');
     const item = MmapIpc.CreateNewItem('/' + process.argv[1], 5000, true);
     console.log(JSON.stringify(item.buffer().toString('utf8', 0, 5)));
     item.buffer().write('HELLO');`,
    { args: [name] },
  );
  assert.equal(read, 'hello');
  assert.equal(mine.buffer().toString('utf8', 0, 5), 'HELLO');
  const number = keep(new MmapIpc(5, 10));
  assert.equal(SharedMemory.stat('5').size, 10);
  assert.equal(number.buffer().length, 10);
});

test('an existing segment is neither cut nor made longer', () => {
  const name = segmentName();
  const first = keep(new MmapIpc(name, 100, false));
  first.buffer()[99] = 7;
  assert.equal(keep(new MmapIpc(name, 10, false)).buffer().length, 10);
  assert.equal(first.buffer()[99], 7);
  assert.throws(() => new MmapIpc(name, 101, false), { code: 'ERR_OUT_OF_RANGE' });
});

test('the name stays while anybody uses it, and goes then', unlessItJustEnds, async () => {
  const name = segmentName();
  const code = `const MmapIpc = require('crossmem/mmap-ipc');
    const item = new MmapIpc(process.argv[1], 100, false);`;
  const first = startCode(`${code} item.buffer()[0] = 7; say(1); await hear();`, { args: [name] });
  await first.next();
  await runCode(code, { args: [name] }); // a reader that comes and goes
  const third = await resultOf(`${code} console.log(item.buffer()[0]);`, { args: [name] });
  assert.equal(third, 7);
  await first.end();
  assert.equal(SharedMemory.exists(name), false);
});

test('locks exclude between processes, and are booleans', async () => {
  const name = segmentName();
  const child = startCode(
    `const MmapIpc = require('crossmem/mmap-ipc');
     const item = new MmapIpc(process.argv[1], 100, false);
     say(item.acquireWriteLock());
     await hear();
     item.buffer()[0] = 1;
     say(item.removeLock());
     await hear();`,
    { args: [name] },
  );
  assert.equal(await child.next(), true);
  const mine = keep(new MmapIpc(name, 100, false));
  await assert.rejects(mine.acquireReadLockAsync({ timeout: 5 }), {
    code: 'ERR_CROSSMEM_TIMEOUT',
  });
  const waiting = mine.acquireReadLockAsync();
  child.say('release');
  assert.equal(await waiting, true);
  assert.equal(mine.buffer()[0], 1);
  assert.equal(mine.acquireReadLock(), true);
  assert.equal(mine.acquireWriteLock(), true);
  assert.equal(mine.acquireWrireLock(), true);
  assert.equal(mine.removeLock(), true);
  assert.equal(mine.removeLock(), true);
  assert.equal(await mine.acquireWriteLockAsync(), true);
  await child.end();
});

test('the lock is the same one whatever the environment of a process', async () => {
  const name = segmentName();
  const child = startCode(
    `const item = new (require('crossmem/mmap-ipc'))(process.argv[1], 100);
     say(item.acquireWriteLock());
     await hear();`,
    { args: [name], env: { TMPDIR: directory, TEMP: directory, TMP: directory } },
  );
  assert.equal(await child.next(), true);
  const mine = keep(new MmapIpc(name, 100));
  await assert.rejects(mine.acquireReadLockAsync({ timeout: 5 }), { code: 'ERR_CROSSMEM_TIMEOUT' });
  assert.deepEqual(readdirSync(directory), [], 'and leaves no files');
  await child.end();
});

test('the last of several calls has the lock, really', async () => {
  const name = segmentName();
  const item = keep(new MmapIpc(name, 100, false));
  const other = keep(SharedMemory.open(name));
  await Promise.all([
    item.acquireReadLockAsync(),
    item.acquireWriteLockAsync(),
    item.acquireWriteLockAsync(),
  ]);
  if (onWindows) {
    const waiting = keep(new MmapIpc(name, 100, false)).acquireReadLockAsync({ timeout: 5 });
    await assert.rejects(waiting, { code: 'ERR_CROSSMEM_TIMEOUT' });
  } else {
    assert.equal(FileLock.tryLock(other.fd, { flock: true, mode: 'shared' }), null);
    item.removeLock();
    keep(FileLock.tryLock(other.fd, { flock: true }));
  }
});

/** A process that has the lock until it is told to let it go. */
async function startHolder(name) {
  const holder = startCode(
    `const item = new (require('crossmem/mmap-ipc'))(process.argv[1], 100);
     say(item.acquireWriteLock());
     await hear();
     say(item.removeLock());
     await hear();`,
    { args: [name] },
  );
  assert.equal(await holder.next(), true);
  return holder;
}

test('a wait that is given up takes no lock', async () => {
  for (const giveUp of ['close', 'removeLock']) {
    const name = segmentName();
    const holder = await startHolder(name);
    const item = keep(new MmapIpc(name, 100));
    const waiting = item.acquireWriteLockAsync();
    await turn();
    item[giveUp]();
    holder.say('release');
    assert.equal(await holder.next(), true);
    assert.equal(await waiting, false, giveUp);
    const other = keep(new MmapIpc(name, 100));
    assert.equal(await other.acquireWriteLockAsync({ timeout: 5000 }), true, giveUp);
    await holder.end();
  }
});

test('of calls that wait, the last one gets the lock, and the others are told', async () => {
  const name = segmentName();
  const holder = await startHolder(name);
  const item = keep(new MmapIpc(name, 100));
  const aborting = new AbortController();
  const first = item.acquireReadLockAsync({ signal: aborting.signal });
  const second = item.acquireWriteLockAsync();
  assert.throws(() => item.acquireReadLock(), { code: 'EALREADY' });
  assert.equal(await first, false);
  holder.say('release');
  assert.equal(await second, true);
  const third = keep(new MmapIpc(name, 100)).acquireReadLockAsync({ signal: aborting.signal });
  aborting.abort(new Error('enough'));
  await assert.rejects(third, { message: 'enough' });
  assert.equal(item.acquireReadLock(), true);
  await holder.end();
});

test('the options of a wait are checked, and its error tells them', async () => {
  const name = segmentName();
  const item = keep(new MmapIpc(name, 100));
  const other = keep(new MmapIpc(name, 100));
  assert.equal(item.acquireWriteLock(), true);
  for (const timeout of ['5', 5n, null, {}]) {
    const wrong = { code: 'ERR_INVALID_ARG_TYPE' };
    await assert.rejects(other.acquireReadLockAsync({ timeout }), wrong, typeof timeout);
  }
  for (const timeout of [-1, Number.NaN]) {
    const wrong = { code: 'ERR_OUT_OF_RANGE' };
    await assert.rejects(other.acquireReadLockAsync({ timeout }), wrong, `${timeout}`);
  }
  const { message } = await other.acquireReadLockAsync({ timeout: 120 }).catch((error) => error);
  assert.match(message, /\b120 ms\b/);
});

test('two objects of one thread share a read lock, and do not hang on a write lock', () => {
  const name = segmentName();
  const [one, two] = [0, 0].map(() => keep(new MmapIpc(name, 100, false)));
  assert.equal(one.acquireReadLock() && two.acquireReadLock(), true);
  assert.throws(() => two.acquireWriteLock(), { code: 'EDEADLK' });
  one.removeLock();
  assert.equal(two.acquireWriteLock(), true);
  assert.throws(() => one.acquireReadLock(), { code: 'EDEADLK' });
});

test('what aborted or crashed is an error', () => {
  for (const [args, code] of [
    [['a/b', 10, false], 'ERR_INVALID_ARG_VALUE'],
    [['x'.repeat(300), 10, false], 'ERR_INVALID_ARG_VALUE'],
    [['', 10, false], 'ERR_INVALID_ARG_VALUE'],
    [[segmentName()], 'ERR_INVALID_ARG_TYPE'],
    [[segmentName(), '10', false], 'ERR_INVALID_ARG_TYPE'],
    [[segmentName(), -1, false], 'ERR_OUT_OF_RANGE'],
    [[segmentName(), 0, false], 'ERR_OUT_OF_RANGE'],
    [[segmentName(), 1.5, false], 'ERR_OUT_OF_RANGE'],
    [[segmentName(), 2 ** 52, false], onWindows ? 'ENOMEM' : 'ENOSPC'],
    [[segmentName(), 10, false, { mode: 'rw' }], 'ERR_INVALID_ARG_VALUE'],
  ]) {
    assert.throws(() => new MmapIpc(...args), { code });
  }
});

test('200 collected objects, with and without their buffers kept', async () => {
  const name = segmentName();
  const ended = await runCode(
    `const MmapIpc = require('crossmem/mmap-ipc');
     const buffers = [];
     const turn = () => new Promise((resolve) => setImmediate(resolve));
     (async () => {
       for (let i = 0; i < 200; i++) {
         const item = new MmapIpc(process.argv[1] + (i % 3), 5000, true);
         if (i % 2) buffers.push(item.buffer());
         item.buffer()[0] = i;
       }
       for (let i = 0; i < 5; i++) { gc(); await turn(); }
       for (const buffer of buffers) buffer[4999] = 1;
       console.log(buffers.length);
     })();`,
    { args: [name] },
  );
  assert.deepEqual([ended.code, ended.signal, ended.stdout], [0, null, '100\n'], ended.stderr);
  assert.equal(SharedMemory.exists(`${name}0`), false);
});

test('persist and mode can be chosen; close gives everything up', () => {
  const name = segmentName();
  const item = new MmapIpc(name, 100, false, { persist: 'manual', mode: '0640' });
  const buffer = item.buffer();
  item.acquireWriteLock();
  item.close();
  assert.equal(buffer.length, 0);
  // Windows has access lists instead of modes.
  assert.equal(SharedMemory.stat(name).mode, onWindows ? 0o600 : 0o640);
  assert.equal(SharedMemory.unlink(name), true);
  assert.throws(() => item.acquireReadLock(), { code: 'ERR_CROSSMEM_CLOSED' });
});
