// Wrong arguments, closed objects and damaged memory, for everything that locks and waits.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import {
  Barrier,
  Condition,
  CountingSemaphore,
  Event,
  Mapping,
  Mutex,
  RwLock,
  Semaphore,
  SharedMemory,
  waitAll,
  waitAllSync,
  waitAny,
  waitAnySync,
} from 'crossmem';
import { keep, onWindows, runCode, segmentName } from './helpers/fixture.mjs';
import {
  badBytes,
  notBytes,
  notFlags,
  notObjects,
  range,
  refuses,
  type,
  value,
} from './helpers/refuses.mjs';

const closed = { code: 'ERR_CROSSMEM_CLOSED' };
const classes = {
  Mutex: [Mutex],
  RwLock: [RwLock],
  Semaphore: [Semaphore, { permits: 2 }],
  CountingSemaphore: [CountingSemaphore, { initial: 2 }],
  Event: [Event],
  Condition: [Condition],
  Barrier: [Barrier, { parties: 2 }],
};
const open = ([Class, options]) => Class.open(segmentName(), options);
const timeouts = [
  [['1', true, null, {}, []], type],
  [[-1, Number.NaN], range],
];

for (const [name, [Class, options]] of Object.entries(classes)) {
  test(`${name}: names and places`, async () => {
    await refuses((bad) => Class.open(bad, options), [1, null, undefined, {}, Symbol('s')], type);
    const names = ['', 'a/b', 'a\0b', '.', '..', 'x'.repeat(201)];
    await refuses((bad) => Class.open(bad, options), names, value);
    await refuses((bad) => Class.unlink(bad), ['', 'a/b'], value);
    await refuses((bad) => Class.unlink(bad), [1, null], type);
    assert.equal(Class.unlink(segmentName()), false);
    const memory = keep(SharedMemory.anonymous({ size: 4096 }));
    await refuses((bad) => Class.at(bad, 0, options), [null, 1, {}, Buffer.alloc(64)], type);
    await refuses((bad) => Class.at(memory, bad, options), notBytes, type);
    await refuses((bad) => Class.at(memory, bad, options), badBytes, range);
    await refuses((bad) => Class.at(memory, bad, options), [4096, 8192, 2 ** 52], range);
    await refuses((bad) => Class.at(memory, bad, options), [1, 4, 7], value);
    keep(Class.at(memory, 0, options)).close();
    memory.close();
    await refuses((bad) => Class.at(memory, bad, options), [0], closed);
    assert.throws(() => new Class(), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
  });

  test(`${name}: another kind, another version, noise`, () => {
    const taken = segmentName();
    const other = keep((Class === Mutex ? Event : Mutex).open(taken));
    assert.throws(() => Class.open(taken, options), value);
    assert.equal(other.closed, false);
    const memory = keep(Mapping.anonymous({ size: 4096 }));
    memory.write(Buffer.alloc(4096, 0xa5));
    assert.throws(() => Class.at(memory, 0, options), { code: 'ERR_CROSSMEM_CORRUPT' });
    memory.write(Buffer.alloc(4096));
    const object = keep(Class.at(memory, 0, options));
    // Of another domain: another user's, or of before the last boot.
    memory.view(4, 4).fill(0x11);
    assert.throws(() => Class.at(memory, 0, options), { code: 'ERR_CROSSMEM_FOREIGN' });
    assert.throws(() => object.waiters, { code: 'ERR_CROSSMEM_CORRUPT' });
  });
}

/** Every call of an object that waits, with a place for options. */
const waits = {
  Mutex: { sync: (o, x) => o.lockSync(x), later: (o, x) => o.lock(x) },
  RwLock: { sync: (o, x) => o.lockExclusiveSync(x), later: (o, x) => o.lockExclusive(x) },
  Semaphore: { sync: (o, x) => o.acquireSync(1, x), later: (o, x) => o.acquire(1, x) },
  CountingSemaphore: { sync: (o, x) => o.acquireSync(1, x), later: (o, x) => o.acquire(1, x) },
  Event: { sync: (o, x) => o.waitSync(x), later: (o, x) => o.wait(x) },
  Barrier: { sync: (o, x) => o.arriveSync(x), later: (o, x) => o.arrive(x) },
};

for (const [name, { sync, later }] of Object.entries(waits)) {
  test(`${name}: options of waits, and waits after close`, async () => {
    const object = keep(open(classes[name]));
    for (const call of [sync, later]) {
      await refuses((bad) => call(object, bad), notObjects, type);
      for (const [bads, expected] of timeouts) {
        await refuses((timeout) => call(object, { timeout }), bads, expected);
      }
    }
    await refuses((signal) => later(object, { signal }), [1, 'x', {}, null], type);
    const reason = new Error('mine');
    await assert.rejects(later(object, { signal: AbortSignal.abort(reason) }), reason);
    if (name !== 'Barrier') {
      await assert.doesNotReject(
        later(
          keep(name === 'Event' ? Event.open(segmentName(), { set: true }) : open(classes[name])),
          {
            timeout: 2 ** 53,
          },
        ),
      );
    }
    object.close();
    object.close();
    assert.equal(object.closed, true);
    assert.throws(() => sync(object), closed);
    await assert.rejects(later(object), closed);
    assert.throws(() => object.waiters, closed);
    await assert.rejects(waitAny([object]), closed);
    assert.throws(() => waitAllSync([object]), closed);
  });
}

test('options of openers', async () => {
  await refuses((bad) => Mutex.open(segmentName(), bad), notObjects, type);
  await refuses((bad) => Mutex.open(segmentName(), { statistics: bad }), notFlags, type);
  await refuses((bad) => Mutex.open(segmentName(), { create: bad }), notFlags, type);
  assert.throws(() => Mutex.open(segmentName(), { create: false }), { code: 'ENOENT' });
  await refuses((bad) => Event.open(segmentName(), { reset: bad }), ['x', ''], value);
  await refuses((bad) => Event.open(segmentName(), { set: bad }), notFlags, type);
  const numbers = [
    (permits) => Semaphore.open(segmentName(), { permits }),
    (parties) => Barrier.open(segmentName(), { parties }),
    (initial) => CountingSemaphore.open(segmentName(), { initial }),
    (permits) => Semaphore.size(permits),
    (parties) => Barrier.size(parties),
  ];
  for (const call of numbers) {
    await refuses(call, ['1', true, null, {}, 1n], type);
    await refuses(call, [-1, 0.5, Number.NaN, 2 ** 32, 2 ** 53, 65_536], range);
  }
  await refuses((permits) => Semaphore.open(segmentName(), { permits }), [0, 16_385], range);
  await refuses((parties) => Barrier.open(segmentName(), { parties }), [0, 4097], range);
});

test('counts', async () => {
  const semaphore = keep(Semaphore.open(segmentName(), { permits: 3 }));
  const counting = keep(CountingSemaphore.open(segmentName(), { initial: 1 }));
  for (const call of [
    (count) => semaphore.tryAcquire(count),
    (count) => semaphore.acquire(count),
    (count) => semaphore.acquireSync(count),
    (count) => semaphore.wanting(count),
    (count) => counting.tryAcquire(count),
    (count) => counting.acquire(count),
    (count) => counting.release(count),
    (count) => counting.wanting(count),
  ]) {
    await refuses(call, ['1', true, null, {}, 1n], type);
    await refuses(call, [0, -1, 1.5, Number.NaN, 2 ** 30, 2 ** 53], range);
  }
  assert.throws(() => semaphore.tryAcquire(4), range);
});

test('lists of objects', async () => {
  const mutex = keep(Mutex.open(segmentName()));
  for (const call of [waitAny, waitAll, waitAnySync, waitAllSync]) {
    await refuses(call, [undefined, null, 1, {}, [], [1], [mutex, null], [[]]], type);
    await refuses((bad) => call([mutex], bad), notObjects, type);
  }
  const lock = keep(RwLock.open(segmentName()));
  await refuses((mode) => lock.wanting(mode), ['x', 'upgrade'], value);
});

test('guards: released twice, of a closed object, of no use any more', async () => {
  const mutex = Mutex.open(segmentName());
  const guard = mutex.lockSync();
  guard.release();
  guard.release();
  const condition = keep(Condition.open(segmentName()));
  await refuses((bad) => condition.wait(bad), [null, {}, guard], type);
  await refuses((bad) => condition.waitSync(bad), [null, {}, guard], type);
  const lock = keep(RwLock.open(segmentName()));
  const shared = lock.lockSharedSync();
  await refuses((mode) => shared.downgrade(mode), ['x', 'exclusive'], value);
  assert.throws(() => shared.tryUpgrade(), value);
  const held = mutex.lockSync();
  mutex.close();
  held.release();
  assert.equal(held.released, true);
});

test('a lock whose word somebody has overwritten is told when it is released', () => {
  const memory = keep(Mapping.anonymous({ size: 4096 }));
  const mutex = keep(Mutex.at(memory, 0));
  const guard = mutex.lockSync();
  memory.view(16, 4).fill(0);
  assert.throws(() => guard.release(), { code: 'EPERM' });
  mutex.lockSync().release();
  // Of an agent that there cannot be: whoever asks is told that its owner died.
  memory.view(16, 4).writeUInt32LE(0x1fff_ffff);
  assert.equal(mutex.lockSync().ownerDied, true);
});

test('a damaged table of agents is refused, not trusted', async () => {
  const domain = `bad-${process.pid}`;
  const env = { CROSSMEM_DOMAIN: domain };
  const code = `const { Mutex } = crossmem;
    try { Mutex.open('x').lockSync().release(); console.log('fine'); }
    catch (error) { console.log(error.code); }`;
  assert.equal((await runCode(code, { env })).stdout, 'fine\n');
  const parents = onWindows ? [`${process.env.LOCALAPPDATA}/crossmem`] : ['/dev/shm', '/tmp'];
  const folders = parents.flatMap((parent) =>
    readdirSync(parent).map((name) => `${parent}/${name}`),
  );
  const folder = folders.find((path) => path.endsWith(`-${domain}`));
  assert.ok(existsSync(`${folder}/agents`));
  for (const contents of ['', 'short', Buffer.alloc(2 ** 20, 0x77), Buffer.alloc(2 ** 20)]) {
    writeFileSync(`${folder}/agents`, contents);
    assert.equal((await runCode(code, { env })).stdout, 'ERR_CROSSMEM_CORRUPT\n');
  }
  const bad = { CROSSMEM_DOMAIN: 'no/slash' };
  assert.equal((await runCode(code, { env: bad })).stdout, 'ERR_INVALID_ARG_VALUE\n');
});
