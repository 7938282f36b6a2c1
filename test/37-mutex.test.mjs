// Mutex: exclusion between processes and workers, waiting, and what is told of those who died.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { MappedFile, Mapping, Mutex, SharedMemory } from 'crossmem';
import {
  keep,
  makeFile,
  notOnWindows,
  onWindows,
  root,
  runCode,
  segmentName,
  startCode,
} from './helpers/fixture.mjs';

const holding = `const mutex = crossmem.Mutex.open(process.argv[1]);
  const guard = await mutex.lock(); say('held');
  if (await hear() === 'release') guard.release(); else guard.markConsistent();`;

test('is held by one, until it is released', () => {
  const mutex = keep(Mutex.open(segmentName()));
  const guard = mutex.tryLock();
  assert.equal(guard.ownerDied, false);
  assert.equal(mutex.tryLock(), null);
  guard.release();
  guard.release();
  assert.equal(guard.released, true);
  mutex.lockSync()[Symbol.dispose]();
  assert.equal(mutex.holder(), null);
});

test('is the same mutex by name, and gone with its last user', async () => {
  const name = segmentName();
  const one = Mutex.open(name);
  const other = keep(Mutex.open(name));
  const guard = one.lockSync();
  assert.equal(other.tryLock(), null);
  guard.release();
  one.close();
  assert.ok(other.tryLock());
  other.close();
  assert.equal(Mutex.unlink(name), false);
});

test('close releases what is held', () => {
  const name = segmentName();
  const mutex = Mutex.open(name);
  const guard = mutex.lockSync();
  mutex.close();
  mutex.close();
  guard.release();
  const again = keep(Mutex.open(name)).tryLock();
  assert.equal(again.ownerDied, false);
});

test('excludes processes, and counts exactly', async () => {
  const name = segmentName();
  const memory = keep(SharedMemory.create(name, { size: 4096 }));
  const counter = `const { Mutex, SharedMemory } = crossmem;
    const memory = SharedMemory.open(process.argv[1]);
    const mutex = Mutex.open(process.argv[1]);
    const view = memory.view(0, 4);
    (async () => {
      for (let i = 0; i < 2000; i++) {
        const guard = i % 2 ? mutex.lockSync() : await mutex.lock();
        view.writeUInt32LE(view.readUInt32LE(0) + 1, 0);
        guard.release();
      }
    })();`;
  const ended = await Promise.all([1, 2, 3].map(() => runCode(counter, { args: [name] })));
  for (const { code, stderr } of ended) assert.equal(code, 0, stderr);
  assert.equal(memory.view(0, 4).readUInt32LE(0), 6000);
});

test('waits for another process, and times out', async () => {
  const name = segmentName();
  const mutex = keep(Mutex.open(name));
  const other = startCode(holding, { args: [name] });
  assert.equal(await other.next(), 'held');
  assert.equal(mutex.tryLock(), null);
  const timeout = { code: 'ERR_CROSSMEM_TIMEOUT', path: name };
  assert.throws(() => mutex.lockSync({ timeout: 20 }), timeout);
  await assert.rejects(mutex.lock({ timeout: 20 }), timeout);
  await assert.rejects(mutex.lock({ timeout: 0 }), timeout);
  const { pid, program, dead, started, since } = mutex.holder();
  assert.deepEqual({ pid, dead }, { pid: other.pid, dead: false });
  assert.match(program, /^((node|bun|deno).*|)$/); // POSIX alone names no program
  assert.ok(started <= new Date() && since === undefined);
  const pending = mutex.lock();
  const third = startCode(holding, { args: [name] });
  while (mutex.waiters < 2) await sleep(1);
  // Either of the two may be the first.
  third.say('release');
  other.say('release');
  (await pending).release();
  assert.equal(await third.next(), 'held');
  while (mutex.waiters > 0) await sleep(1);
  await Promise.all([other.end(), third.end()]);
  mutex.lockSync();
});

test('tells whoever comes next that its owner was killed', async () => {
  const name = segmentName();
  const mutex = keep(Mutex.open(name));
  const other = startCode(holding, { args: [name] });
  await other.next();
  const pending = mutex.lock();
  await other.kill();
  const guard = await pending;
  assert.equal(guard.ownerDied, true);
  guard.release();
  assert.equal(mutex.tryLock().ownerDied, true, 'until somebody says that all is well');
});

test('is told also when nobody was there to see the death', async () => {
  const name = segmentName();
  const { signal, code } = await runCode(
    `crossmem.Mutex.open(process.argv[1]).lockSync(); process.kill(process.pid, 'SIGKILL');`,
    { args: [name] },
  );
  // On Windows one's own end is TerminateProcess with code 1.
  if (onWindows) assert.equal(code, 1);
  else assert.equal(signal, 'SIGKILL');
  const mutex = keep(Mutex.open(name));
  const guard = mutex.lockSync();
  assert.equal(guard.ownerDied, true);
  guard.markConsistent();
  guard.release();
  assert.equal(mutex.tryLock().ownerDied, false);
});

test('a process that exits with a lock held is told of too', async () => {
  const name = segmentName();
  const mutex = keep(Mutex.open(name));
  const code = `crossmem.Mutex.open(process.argv[1]).lockSync(); process.exit(0);`;
  await runCode(code, { args: [name] });
  const guard = mutex.tryLock();
  assert.equal(guard.ownerDied, true);
  guard.markConsistent();
  guard.release();
});

const noStop = notOnWindows('no signal stops a process; the C++ tests do it by NtSuspendProcess');
test('is not stolen from a process that is stopped', noStop, async () => {
  const name = segmentName();
  const mutex = keep(Mutex.open(name));
  const other = startCode(holding, { args: [name] });
  await other.next();
  process.kill(other.pid, 'SIGSTOP');
  await assert.rejects(mutex.lock({ timeout: 500 }), { code: 'ERR_CROSSMEM_TIMEOUT' });
  assert.equal(mutex.tryLock(), null);
  process.kill(other.pid, 'SIGCONT');
  other.say('release');
  (await mutex.lock()).release();
  await other.end();
});

test('an abort ends a wait, and nothing is held', async () => {
  const mutex = keep(Mutex.open(segmentName()));
  const guard = mutex.lockSync();
  const controller = new AbortController();
  const pending = mutex.lock({ signal: controller.signal });
  controller.abort();
  await assert.rejects(pending, { name: 'AbortError' });
  guard.release();
  // In the same turn in which it is got.
  const late = new AbortController();
  const held = mutex.lockSync();
  const racing = mutex.lock({ signal: late.signal });
  held.release();
  await sleep(20);
  late.abort();
  await racing.then(
    (got) => got.release(),
    (error) => assert.equal(error.name, 'AbortError'),
  );
  mutex.lockSync({ timeout: 1000 }).release();
  const reason = new Error('mine');
  await assert.rejects(mutex.lock({ signal: AbortSignal.abort(reason) }), reason);
});

test('ten thousand waits of one process are served in order', async () => {
  const mutex = keep(Mutex.open(segmentName()));
  const guard = mutex.lockSync();
  const order = [];
  const waits = Array.from({ length: 10_000 }, async (_, i) => {
    const got = await mutex.lock();
    order.push(i);
    got.release();
  });
  await sleep(10);
  assert.equal(order.length, 0);
  guard.release();
  await Promise.all(waits);
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
});

test('run holds it for as long as the action takes', async () => {
  const mutex = keep(Mutex.open(segmentName()));
  const result = await mutex.run(async (guard) => {
    await sleep(1);
    assert.equal(mutex.tryLock(), null);
    return guard.ownerDied;
  });
  assert.equal(result, false);
  await assert.rejects(
    mutex.run(() => Promise.reject(new Error('mine'))),
    /mine/,
  );
  mutex.tryLock().release();
});

test('a thread that waits for itself is told so', async () => {
  const mutex = keep(Mutex.open(segmentName()));
  const guard = mutex.lockSync();
  assert.throws(() => mutex.lockSync(), { code: 'EDEADLK', syscall: 'lock' });
  assert.throws(() => mutex.lockSync({ timeout: 1000 }), { code: 'EDEADLK' });
  guard.release();
});

test('workers exclude each other, and one that ends is told of', async () => {
  const name = segmentName();
  const mutex = keep(Mutex.open(name));
  for (const end of ['terminate', 'exit']) {
    const worker = new Worker(
      `const { Mutex } = require('crossmem');
       const { parentPort } = require('node:worker_threads');
       Mutex.open(${JSON.stringify(name)}).lockSync();
       parentPort.postMessage('held');
       parentPort.on('message', () => process.exit());`,
      { eval: true },
    );
    await once(worker, 'message');
    assert.equal(mutex.tryLock(), null);
    const pending = mutex.lock();
    if (end === 'terminate') await worker.terminate();
    else worker.postMessage('go');
    const guard = await pending;
    assert.equal(guard.ownerDied, true);
    guard.markConsistent();
    guard.release();
  }
});

test('a worker that is terminated while it waits leaves nothing held', async () => {
  const name = segmentName();
  const mutex = keep(Mutex.open(name));
  const guard = mutex.lockSync();
  const worker = new Worker(
    `const { Mutex } = require('crossmem');
     const mutex = Mutex.open(${JSON.stringify(name)});
     for (let i = 0; i < 100; i++) mutex.lock();
     require('node:worker_threads').parentPort.postMessage('waiting');`,
    { eval: true },
  );
  await once(worker, 'message');
  guard.release();
  await worker.terminate();
  (await mutex.lock({ timeout: 5000 })).release();
});

test('lies in a mapping, and goes with it', async () => {
  const memory = SharedMemory.anonymous({ size: 4096 });
  const one = keep(Mutex.at(memory, 64));
  const other = keep(Mutex.at(memory, 64n));
  const guard = one.tryLock();
  assert.equal(other.tryLock(), null);
  guard.release();
  assert.ok(other.tryLock());
  other.close();
  memory.close();
  assert.throws(() => one.tryLock(), { code: 'ERR_CROSSMEM_CLOSED' });
  await assert.rejects(one.lock(), { code: 'ERR_CROSSMEM_CLOSED' });
});

test('lies in a file, for every process that maps it', async () => {
  const path = makeFile(Buffer.alloc(4096));
  const file = keep(MappedFile.open(path, { access: 'readwrite' }));
  const mutex = keep(Mutex.at(file, 0));
  const other = startCode(
    `const file = crossmem.MappedFile.open(process.argv[1], { access: 'readwrite' });
     const guard = crossmem.Mutex.at(file, 0).lockSync(); say('held'); await hear();`,
    { args: [path] },
  );
  await other.next();
  assert.equal(mutex.tryLock(), null);
  await other.kill();
  assert.equal((await mutex.lock()).ownerDied, true);
});

test('refuses what is no mutex', () => {
  const memory = keep(SharedMemory.anonymous({ size: 4096 }));
  memory.write(Buffer.alloc(64, 0x5a), { offset: 1024 });
  assert.throws(() => Mutex.at(memory, 1024), { code: 'ERR_CROSSMEM_CORRUPT' });
  assert.throws(() => Mutex.at(memory, 4), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => Mutex.at(memory, 4088), { code: 'ERR_OUT_OF_RANGE' });
  const file = keep(MappedFile.open(makeFile(Buffer.alloc(64))));
  assert.throws(() => Mutex.at(file, 0), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.ok(Mutex.at(keep(Mapping.anonymous({ size: 4096 })), 0));
});

test('keeps statistics on request', async () => {
  const name = segmentName();
  const mutex = keep(Mutex.open(name, { statistics: true }));
  const other = keep(Mutex.open(name));
  assert.equal(other.statistics, undefined);
  mutex.lockSync().release();
  const guard = other.lockSync();
  const pending = mutex.lock();
  await sleep(20);
  guard.release();
  (await pending).release();
  const { acquired, contended, waited, held, longestHeld } = mutex.statistics;
  assert.deepEqual({ acquired, contended }, { acquired: 2, contended: 1 });
  assert.ok(waited >= 15 && held >= longestHeld);
  const again = mutex.tryLock();
  assert.ok(Math.abs(mutex.holder().since - Date.now()) < 60_000);
  again.release();
});

test('the event loop ends unless somebody waits', async () => {
  const idle = `const mutex = crossmem.Mutex.open(process.argv[1]); mutex.lockSync();`;
  assert.equal((await runCode(idle, { args: [segmentName()] })).code, 0);
  const unref = `const name = process.argv[1];
    const mutex = crossmem.Mutex.open(name); mutex.lockSync();
    crossmem.Mutex.open(name).unref().lock(); console.log('end');`;
  assert.equal((await runCode(unref, { args: [segmentName()] })).stdout, 'end\n');
  const waiting = `const name = process.argv[1];
    const mutex = crossmem.Mutex.open(name); const guard = mutex.lockSync();
    mutex.lock().then((got) => { console.log('got'); got.release(); });
    setTimeout(() => guard.release(), 50).unref();`;
  const { stdout } = await runCode(waiting, { args: [segmentName()] });
  // The timer alone does not keep the loop up: the pending lock does.
  assert.equal(stdout, 'got\n');
});

test('what JavaScript knows of the words is what the headers say', async () => {
  const { execFileSync } = await import('node:child_process');
  const { readFileSync } = await import('node:fs');
  const { join } = await import('node:path');
  const { buildFolder } = await import('./helpers/fixture.mjs');
  const tool = join(buildFolder, `crossmem_layout${onWindows ? '.exe' : ''}`);
  const made = readFileSync(join(root, 'lib/fast/layout.ts'), 'utf8');
  assert.equal(made, execFileSync(tool, { encoding: 'utf8' }));
});
