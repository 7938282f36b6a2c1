// Waits of the event loop for messages: what wakes it, and what it takes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Queue, SharedMemory } from 'crossmem';
import { elsewhere, keep, resultOf, runCode, segmentName, startCode } from './helpers/fixture.mjs';

const closed = { code: 'ERR_CROSSMEM_CLOSED' };
const polled = elsewhere({
  bun: 'Bun polls no descriptor for an addon: the waiter thread wakes its loop',
  deno: 'Deno polls no descriptor for an addon: the waiter thread wakes its loop',
});
const onLinux = { skip: process.platform !== 'linux' && 'counts what Linux tells in /proc' };
const bytes = (text) => Buffer.from(text);

function open() {
  const name = segmentName();
  keep({ [Symbol.dispose]: () => Queue.unlink(name) });
  return keep(Queue.open(name, { capacity: 4096 }));
}

/** A queue whose interest can be taken away, as a sender does who dies before he rings. */
function openWithoutRings() {
  const memory = keep(SharedMemory.anonymous({ size: Queue.size(4096) }));
  const queue = keep(Queue.at(memory, 0, { capacity: 4096 }));
  const words = new Int32Array(memory.buffer.buffer);
  return {
    queue,
    asleep: () => until(() => words[2] !== 0 || words[3] !== 0),
    lose: () => words.fill(0, 2, 4),
  };
}

async function until(isSo) {
  while (!isSo()) await sleep(1);
}

test('it is woken by one descriptor, and by no thread', {
  skip: onLinux.skip || polled.skip,
}, async () => {
  const names = [segmentName(), segmentName(), segmentName()];
  const receiver = startCode(
    `const count = (what) => require('node:fs').readdirSync('/proc/self/' + what).length;
    const queues = process.argv.slice(1).map((name) => crossmem.Queue.open(name));
    // What Node.js starts in its first moments is there by now.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = [count('task'), count('fd')];
    for (let round = 0; round < 3; round += 1) {
      const received = queues.map((queue) => queue.receive());
      say('waits');
      await Promise.all(received);
    }
    say([count('task') - before[0], count('fd') - before[1]]);`,
    { args: names },
  );
  const queues = names.map((name) => keep(Queue.open(name)));
  for (let round = 0; round < 3; round += 1) {
    assert.equal(await receiver.next(), 'waits');
    await until(() => queues.every((queue) => queue.waiters === 1));
    for (const queue of queues) await queue.send(bytes('x'));
  }
  assert.deepEqual(await receiver.next(), [0, 1]);
  await receiver.end();
});

test('so many that the waiter thread takes some', async () => {
  const queues = Array.from({ length: 100 }, open);
  for (let round = 0; round < 3; round += 1) {
    const received = queues.map((queue) => queue.receive());
    // Of each agent no more than eight are told to people.
    await until(() => queues.some((queue) => queue.waiters === 1));
    for (const queue of queues) await queue.send(bytes('x'));
    assert.equal((await Promise.all(received)).length, 100);
  }
});

test('a ring that is lost with its sender delays a message, no more', polled, async () => {
  const { queue, asleep, lose } = openWithoutRings();
  const received = queue.receive();
  await asleep();
  lose();
  assert.equal(queue.trySend(bytes('x')), true);
  assert.equal((await received).length, 1);
});

test('one timer looks for lost rings, soon after each falling asleep', {
  skip: onLinux.skip || polled.skip,
}, async (t) => {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const live = new Map();
  t.mock.method(globalThis, 'setTimeout', (call, delay) => {
    const timer = set(() => {
      live.delete(timer);
      call();
    }, delay);
    live.set(timer, delay);
    return timer;
  });
  t.mock.method(globalThis, 'clearTimeout', (timer) => {
    live.delete(timer);
    clear(timer);
  });
  const other = open();
  const sleeping = other.receive();
  const { queue, asleep, lose } = openWithoutRings();
  for (let round = 0; round < 3; round += 1) {
    const received = queue.receive();
    await asleep();
    lose();
    queue.trySend(bytes('x'));
    await received;
    assert.equal(live.size, 1);
  }
  await until(() => [...live.values()].every((delay) => delay > 100));
  const received = queue.receive();
  await asleep();
  assert.deepEqual([...live.values()], [100]);
  queue.trySend(bytes('x'));
  other.trySend(bytes('x'));
  await Promise.all([received, sleeping]);
});

test('it is kept up by who waits, unless that is not to be', async () => {
  const ended = await runCode(`const queue = crossmem.Queue.open('${segmentName()}');
    queue.receive().then(() => console.log('never'), () => console.log('never'));
    setTimeout(() => queue.unref(), 100);
    setTimeout(() => queue.ref(), 200);
    setTimeout(() => queue.close(), 300).ref();
    process.on('exit', () => console.log('exit'));`);
  assert.equal(ended.stdout, 'never\nexit\n', ended.stderr);
  const name = segmentName();
  const kept = startCode(
    `const queue = crossmem.Queue.open('${name}');
    say('waits');
    say(Buffer.from(await queue.receive()).toString());`,
  );
  assert.equal(await kept.next(), 'waits');
  const queue = keep(Queue.open(name));
  await until(() => queue.waiters === 1);
  await queue.send(bytes('came'));
  assert.equal(await kept.next(), 'came');
  await kept.end();
});

const leaves = elsewhere({
  deno: 'Deno ends without the cleanup of its addons: who waited is counted until the next look',
});

test('it ends while somebody waits', leaves, async () => {
  const queue = open();
  const waiting = queue.receive();
  await until(() => queue.waiters === 1);
  queue.close();
  await assert.rejects(waiting, closed);

  const name = segmentName();
  const worker = new Worker(
    `const { Queue } = require('crossmem');
    Queue.open('${name}').receive();`,
    { eval: true },
  );
  const watched = keep(Queue.open(name));
  await until(() => watched.waiters === 1);
  await worker.terminate();
  assert.equal(watched.waiters, 0);
  // Whoever is to be rung has gone.
  assert.equal(watched.trySend(bytes('x')), true);
  assert.equal(watched.tryReceive().length, 1);
});

test('the descriptor’s name goes with the thread that listens', {
  skip: onLinux.skip || polled.skip,
}, async () => {
  const result = await resultOf(`
    const fs = require('node:fs');
    const { Worker } = require('node:worker_threads');
    const read = (fd) => {
      try {
        return fs.readlinkSync('/proc/self/fd/' + fd);
      } catch {
        return '';
      }
    };
    const bells = () =>
      fs.readdirSync('/proc/self/fd').map(read).filter((path) => /\\/loop-[0-9]+$/.test(path));
    const name = '${segmentName()}';
    const queue = crossmem.Queue.open(name);
    const worker = new Worker(
      "require('crossmem').Queue.open('" + name + "').receive()", { eval: true });
    const look = setInterval(async () => {
      if (queue.waiters === 0) return;
      clearInterval(look);
      const [path, ...others] = bells();
      const during = fs.existsSync(path);
      await worker.terminate();
      console.log(JSON.stringify([others.length, during, fs.existsSync(path)]));
      queue.close();
    }, 1);`);
  assert.deepEqual(result, [0, true, false]);
});
