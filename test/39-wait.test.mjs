// waitAny and waitAll: mixes of objects, many of them, and what is given back.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Event,
  Mutex,
  RwLock,
  Semaphore,
  SharedMemory,
  waitAll,
  waitAllSync,
  waitAny,
  waitAnySync,
} from 'crossmem';
import { keep, runCode, segmentName, startCode } from './helpers/fixture.mjs';

const timeout = { code: 'ERR_CROSSMEM_TIMEOUT' };

function makeEvents(count) {
  const memory = keep(SharedMemory.anonymous({ size: count * Event.size }));
  return Array.from({ length: count }, (_, i) =>
    keep(Event.at(memory, i * Event.size, { reset: 'auto' })),
  );
}

test('any of a mix, with what was got', async () => {
  const mutex = keep(Mutex.open(segmentName()));
  const event = keep(Event.open(segmentName()));
  const lock = keep(RwLock.open(segmentName()));
  const semaphore = keep(Semaphore.open(segmentName(), { permits: 2 }));
  const writer = lock.lockExclusiveSync();
  const permit = semaphore.acquireSync(1);
  const guard = mutex.lockSync();
  const wanted = [mutex, lock.wanting('shared'), semaphore.wanting(2), event];
  await assert.rejects(waitAny(wanted, { timeout: 5 }), timeout);
  assert.throws(() => waitAnySync(wanted, { timeout: 5 }), timeout);
  setTimeout(() => event.set(), 5);
  assert.deepEqual(await waitAny(wanted), { index: 3 });
  event.reset();
  setTimeout(() => writer.release(), 5);
  const shared = await waitAny(wanted);
  assert.deepEqual([shared.index, shared.guard.mode], [1, 'shared']);
  shared.guard.release();
  lock.lockExclusiveSync();
  permit.release();
  const two = waitAnySync(wanted);
  assert.equal(two.index, 2);
  assert.equal(semaphore.available, 0);
  guard.release();
  const last = await waitAny([...wanted].reverse());
  assert.equal(last.index, 3);
  assert.equal(mutex.tryLock(), null);
});

test('any tells of a dead owner', async () => {
  const name = segmentName();
  const mutex = keep(Mutex.open(name));
  const event = keep(Event.open(segmentName()));
  const other = startCode(
    `crossmem.Mutex.open(process.argv[1]).lockSync(); say('held'); await hear();`,
    { args: [name] },
  );
  await other.next();
  const pending = waitAny([event, mutex]);
  await other.kill();
  const { index, guard } = await pending;
  assert.deepEqual([index, guard.ownerDied], [1, true]);
});

test('all or nothing', async () => {
  const [a, b, c] = Array.from({ length: 3 }, () => keep(Mutex.open(segmentName())));
  const held = b.lockSync();
  await assert.rejects(waitAll([c, b, a], { timeout: 5 }), timeout);
  assert.throws(() => waitAllSync([c, b, a], { timeout: 5 }), { code: 'EDEADLK' });
  a.tryLock().release();
  c.tryLock().release();
  const pending = waitAll([c, b, a]);
  await sleep(5);
  assert.equal(a.tryLock(), null, 'taken while the others are waited for');
  held.release();
  for (const guard of await pending) guard.release();
  for (const guard of waitAllSync([a, c])) guard.release();
  const controller = new AbortController();
  const again = b.lockSync();
  const aborted = waitAll([a, b], { signal: controller.signal });
  controller.abort();
  await assert.rejects(aborted, { name: 'AbortError' });
  a.tryLock().release();
  again.release();
});

for (const count of [100, 200, 2000]) {
  test(`any and all of ${count}`, async () => {
    const events = makeEvents(count);
    const any = waitAny(events);
    events[count - 1].set();
    assert.deepEqual(await any, { index: count - 1 });
    const all = waitAll(events);
    for (const event of events) event.set();
    assert.equal((await all).length, count);
    assert.ok(events.every((event) => !event.isSet));
    const sync = startCode(
      `const memory = crossmem.SharedMemory.open(process.argv[1]);
       const events = Array.from({ length: ${count} }, (_, i) =>
         crossmem.Event.at(memory, i * 32, { reset: 'auto' }));
       say('ready'); say(crossmem.waitAnySync(events).index); await hear();`,
      { args: [shared.name] },
    );
    await sync.next();
    const last = keep(Event.at(shared.memory, (count - 1) * 32, { reset: 'auto' }));
    last.set();
    assert.equal(await sync.next(), count - 1);
    await sync.end();
  });
}

const shared = { name: segmentName() };
shared.memory = SharedMemory.create(shared.name, { size: 2 ** 17 });
test.after(() => shared.memory.close());

test('ten thousand waits for ten thousand objects', async () => {
  const events = makeEvents(10_000);
  const waits = events.map((event) => event.wait());
  for (const event of events) event.set();
  await Promise.all(waits);
});

test('pending waits leave the thread pool alone', async () => {
  const mutex = keep(Mutex.open(segmentName()));
  const guard = mutex.lockSync();
  const waits = Array.from({ length: 64 }, () => mutex.lock().then((got) => got.release()));
  await Promise.all(Array.from({ length: 16 }, () => readFile('package.json')));
  guard.release();
  await Promise.all(waits);
});

test('two who want the same in other orders both get it', async () => {
  const names = [segmentName(), segmentName()];
  const code = (
    reverse,
  ) => `const mutexes = process.argv.slice(1).map((name) => crossmem.Mutex.open(name));
    const wanted = ${reverse} ? mutexes.reverse() : mutexes;
    (async () => {
      for (let i = 0; i < 500; i++)
        for (const guard of i % 2 ? crossmem.waitAllSync(wanted) : await crossmem.waitAll(wanted)) guard.release();
    })();`;
  const ended = await Promise.all(
    [true, false].map((reverse) => runCode(code(reverse), { args: names })),
  );
  for (const { code, stderr } of ended) assert.equal(code, 0, stderr);
});
