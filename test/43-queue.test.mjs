// Queue: messages between processes, and what is in somebody's hands.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, SharedMemory, waitAny } from 'crossmem';
import { keep, runCode, segmentName, startCode } from './helpers/fixture.mjs';

const timeout = { code: 'ERR_CROSSMEM_TIMEOUT' };
const closed = { code: 'ERR_CROSSMEM_CLOSED' };
const bytes = (text) => Buffer.from(text);
const text = (message) => message && Buffer.from(message).toString();

function open(options) {
  const name = segmentName();
  const queue = keep(Queue.open(name, options));
  keep({ [Symbol.dispose]: () => Queue.unlink(name) });
  return queue;
}

test('messages come out as they went in', async () => {
  const queue = open({ capacity: 5000 });
  assert.equal(queue.capacity, 8192);
  assert.equal(queue.maxLength, 4080);
  assert.equal(queue.tryReceive(), undefined);
  assert.equal(queue.trySend(bytes('one')), true);
  await queue.send(new Uint32Array([1, 2]));
  queue.sendSync(new ArrayBuffer(3));
  queue.sendSync(new DataView(Buffer.from('xyz').buffer.slice(0, 1)));
  queue.sendSync(bytes(''));
  const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(7);
  queue.sendSync(shared);
  assert.ok(queue.used > 0);
  const first = queue.tryReceive();
  assert.ok(first instanceof Uint8Array);
  assert.equal(text(first), 'one');
  assert.deepEqual([...new Uint32Array((await queue.receive()).buffer)], [1, 2]);
  assert.deepEqual(queue.receiveSync(), new Uint8Array(3));
  assert.deepEqual(
    queue.tryReceiveMany(10).map((message) => message.length),
    [1, 0, 2],
  );
  assert.equal(queue.used, 0);
});

test('what is received is a Uint8Array, whoever else is at it', () => {
  const queue = open();
  for (let i = 0; i < 3; i += 1) queue.sendSync(bytes(`message ${i}`));
  const expected = (i) => new Uint8Array(bytes(`message ${i}`));
  const lease = queue.tryLease();
  assert.deepEqual(queue.tryReceive(), expected(1), 'behind one that is leased');
  lease.release();
  assert.deepEqual(queue.tryReceiveMany(9), [expected(0), expected(2)]);
});

test('every length fits, around every end', () => {
  const queue = open({ capacity: 4096 });
  const expected = [];
  const check = () => assert.deepEqual(queue.tryReceive(), expected.shift());
  for (let i = 0; i < 20_000; i += 1) {
    const message = new Uint8Array((i * 7919) % (queue.maxLength + 1 - (i % 7) * 300)).fill(i);
    while (!queue.trySend(message)) check();
    expected.push(message);
    if (i % 3 === 0) check();
  }
  while (expected.length > 0) check();
  assert.equal(queue.tryReceive(), undefined);
});

test('many go through at once', async () => {
  const queue = open({ capacity: 65_536 });
  const many = Array.from({ length: 2000 }, (_, i) => new Uint8Array(i % 50).fill(i));
  const sent = queue.trySendMany(many);
  assert.ok(sent > 512 && sent < many.length);
  const sending = queue.sendMany(many.slice(sent));
  const later = queue.send(bytes('behind all'));
  const received = [];
  while (received.length <= many.length) {
    const some = queue.tryReceiveMany(700);
    received.push(...some);
    if (some.length === 0) await new Promise(setImmediate);
  }
  await sending;
  await later;
  assert.equal(text(received.pop()), 'behind all');
  assert.deepEqual(received, many);
  assert.equal(queue.trySendMany([]), 0);
  await queue.sendMany([]);

  // Around the end of the ring, with some that are too long to go with others.
  const lengths = [0, 1, 15, 16, 17, 4000, 20_000, 32_752];
  for (let round = 0; round < 300; round += 1) {
    const some = [0, 1, 2].map((i) => new Uint8Array(lengths[(round * 5 + i * 3) % 8]).fill(round));
    let begin = 0;
    const back = [];
    while (back.length < some.length) {
      begin += queue.trySendMany(some.slice(begin));
      back.push(...queue.tryReceiveMany(1 + (round % 3)));
    }
    assert.deepEqual(back, some);
  }
  assert.equal(queue.used, 0);

  // None is sent if one of them cannot be.
  assert.throws(() => queue.trySendMany([bytes('x'), 5]), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.equal(queue.used, 0);
  const long = new Uint8Array(queue.maxLength + 1);
  assert.equal(queue.trySendMany([bytes('x'), bytes('y')]), 2);
  assert.throws(() => queue.trySendMany([long, bytes('z')]), { code: 'ERR_OUT_OF_RANGE' });
  assert.deepEqual(queue.tryReceiveMany(9).map(text), ['x', 'y']);
  const shared = new Uint8Array(new SharedArrayBuffer(3)).fill(1);
  assert.equal(queue.trySendMany([bytes('x'), shared]), 2);
  assert.deepEqual([...queue.tryReceiveMany(9)[1]], [1, 1, 1]);
});

test('what is received together is handed out in order, whatever a codec does meanwhile', () => {
  let inside;
  const codec = {
    tag: 300,
    encode: bytes,
    decode(message) {
      inside?.(text(message));
      return text(message);
    },
  };
  const queue = open({ codec });
  queue.trySendMany(['a', 'b', 'c', 'd']);
  inside = (value) => {
    if (value === 'b') queue.trySendMany(['e', 'f']);
    if (value === 'c') throw new Error('not this one');
  };
  assert.deepEqual(queue.tryReceiveMany(4), ['a', 'b']);
  assert.throws(() => queue.tryReceive(), { code: 'ERR_CROSSMEM_CODEC' });
  assert.deepEqual(queue.tryReceiveMany(9), ['d', 'e', 'f']);
});

test('a time-out may be longer than a timer of Node.js', async () => {
  const queue = open();
  const received = queue.receive({ timeout: 2 ** 32 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  queue.trySend(bytes('x'));
  assert.equal(text(await received), 'x');
});

test('a full queue waits for room, in order', async () => {
  const queue = open({ capacity: 4096 });
  while (queue.trySend(bytes('x')));
  await assert.rejects(queue.send(bytes('y'), { timeout: 5 }), timeout);
  assert.throws(() => queue.sendSync(bytes('y'), { timeout: 5 }), timeout);
  const abort = new AbortController();
  const first = queue.send(bytes('first'));
  const aborted = queue.send(bytes('aborted'), { signal: abort.signal });
  const large = queue.send(new Uint8Array(1000));
  const last = queue.send(bytes('last'));
  assert.equal(queue.trySend(bytes('z')), false, 'others wait');
  abort.abort(new Error('enough'));
  await assert.rejects(aborted, { message: 'enough' });
  const received = [];
  while (received.length < 131) received.push(await queue.receive());
  await Promise.all([first, large, last]);
  assert.deepEqual(
    received.slice(128).map((message) => message.length),
    [5, 1000, 4],
  );
});

test('a blocking sender leaves it to those who wait, until its time is over', async () => {
  const queue = open({ capacity: 4096 });
  while (queue.trySend(new Uint8Array(100)));
  queue.tryReceive();
  const large = queue.send(new Uint8Array(1000));
  // A moment of the processor: it sleeps meanwhile.
  const before = process.cpuUsage();
  const begin = performance.now();
  const text = /'cm-.*' was not got within 300 ms/;
  assert.throws(() => queue.sendSync(bytes('small'), { timeout: 300 }), {
    ...timeout,
    message: text,
  });
  assert.ok(performance.now() - begin < 2000);
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 200_000, `${user + system} µs`);
  queue.tryReceiveMany(40);
  await large;
});

test('receivers are served in order, or leave', async () => {
  const queue = open();
  await assert.rejects(queue.receive({ timeout: 5 }), timeout);
  assert.throws(() => queue.receiveSync({ timeout: 5 }), timeout);
  const abort = new AbortController();
  const first = queue.receive({ signal: abort.signal });
  const second = queue.receive();
  const third = queue.receive({ timeout: 5000 });
  assert.equal(queue.tryReceive(), undefined);
  await sleep(5);
  abort.abort();
  await assert.rejects(first, { name: 'AbortError' });
  queue.sendSync(bytes('two'));
  queue.sendSync(bytes('three'));
  assert.deepEqual([text(await second), text(await third)], ['two', 'three']);
  await assert.rejects(queue.receive({ signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('it is iterated until it is closed', async () => {
  const queue = open();
  const seen = [];
  const reading = (async () => {
    for await (const message of queue) seen.push(text(message));
  })();
  for (let i = 0; i < 2000; i += 1) await queue.send(bytes(String(i)));
  while (seen.length < 2000) await sleep(1);
  queue.close();
  await reading;
  assert.deepEqual(
    seen,
    Array.from({ length: 2000 }, (_, i) => String(i)),
  );
  assert.throws(() => queue.trySend(bytes('x')), closed);
  assert.throws(() => queue.tryReceive(), closed);
  assert.throws(() => queue.tryLease(), closed);
  await assert.rejects(queue.receive(), closed);
});

test('an iteration is ended by a signal, or takes too long', async () => {
  const queue = open();
  const abort = new AbortController();
  const seen = [];
  queue.trySendMany([bytes('one'), bytes('two')]);
  const reading = (async () => {
    for await (const message of queue.values({ signal: abort.signal })) seen.push(text(message));
  })();
  await sleep(5);
  abort.abort(new Error('enough'));
  await assert.rejects(reading, { message: 'enough' });
  assert.deepEqual(seen, ['one', 'two']);
  const values = queue.values({ timeout: 5 });
  await assert.rejects(values.next(), timeout);
  assert.deepEqual(await values.next(), { done: true, value: undefined });
  const left = queue.values();
  queue.trySend(bytes('three'));
  assert.deepEqual(await left.return(), { done: true, value: undefined });
  assert.deepEqual(await left.next(), { done: true, value: undefined });
  assert.equal(text(queue.tryReceive()), 'three', 'nothing is taken along');
});

test('closing ends the waits', async () => {
  const queue = open({ capacity: 4096 });
  const receiving = [queue.receive(), queue.lease()];
  queue.close();
  for (const one of receiving) await assert.rejects(one, closed);
});

test('the event loop has its turns while messages are awaited', async () => {
  const queue = open();
  let turns = 0;
  const count = () => {
    turns += 1;
    if (turns < 5) setImmediate(count);
  };
  setImmediate(count);
  for (let i = 0; turns < 5; i += 1) {
    assert.ok(i < 100_000);
    await queue.send(bytes('x'));
    await queue.receive();
  }
});

test('what is reserved is filled in place', async () => {
  const queue = open({ capacity: 4096 });
  const reserved = queue.tryReserve(3);
  queue.sendSync(bytes('behind'));
  assert.equal(queue.tryReceive(), undefined);
  reserved.buffer.set(bytes('abc'));
  reserved.commit();
  assert.equal(reserved.ended, true);
  assert.throws(() => reserved.commit(), closed);
  reserved.cancel();
  const dropped = await queue.reserve(10n);
  dropped.cancel();
  dropped.cancel();
  queue.tryReserve(5);
  assert.equal(text(queue.tryReceive()), 'abc');
  assert.equal(text(queue.tryReceive()), 'behind');
  while (queue.tryReserve(100) !== null);
  await assert.rejects(queue.reserve(2000, { timeout: 5 }), timeout);
});

test('what is leased comes back, or is done', async () => {
  const queue = open();
  for (const one of ['one', 'two', 'three']) queue.sendSync(bytes(one));
  const one = queue.tryLease();
  const two = await queue.lease();
  assert.deepEqual([text(one.value), text(two.value)], ['one', 'two']);
  assert.deepEqual([two.redelivered, two.sequence - one.sequence], [0, 1]);
  two.release();
  two.release();
  const again = queue.tryLease();
  assert.deepEqual([text(again.value), again.redelivered], ['two', 1]);
  again.ack();
  assert.throws(() => again.ack(), closed);
  assert.equal(text(queue.tryReceive()), 'three');
  assert.equal(queue.tryLease(), null);
  one[Symbol.dispose]();
  const other = keep(Queue.open(queue.name));
  const last = other.tryLease();
  other.close();
  assert.equal(last.ended, true);
  assert.deepEqual([text(queue.receiveSync())], ['one']);
});

test('it keeps its messages when nobody is there', async () => {
  const name = segmentName();
  const queue = Queue.open(name);
  queue.sendSync(bytes('left'));
  queue.close();
  const again = Queue.open(name, { create: false });
  assert.equal(text(await again.receive()), 'left');
  again.close();
  assert.equal(Queue.unlink(name), false);
});

test('it lies in a mapping', () => {
  const memory = keep(SharedMemory.anonymous({ size: 65_536 }));
  assert.equal(Queue.size(5000), 4096 + 8192);
  const queue = keep(Queue.at(memory, 64, { capacity: 8192 }));
  const same = keep(Queue.at(memory, 64n));
  assert.equal(same.capacity, 8192, 'as it was made');
  queue.sendSync(bytes('x'));
  assert.equal(text(same.tryReceive()), 'x');
  memory.close();
  assert.throws(() => queue.trySend(bytes('x')), closed);
});

test('it is waited for besides others', async () => {
  const [one, two] = [open(), open()];
  const waiting = waitAny([one, two]);
  await sleep(2);
  two.sendSync(bytes('x'));
  assert.equal((await waiting).index, 1);
  assert.equal(text(two.tryReceive()), 'x', 'it was waited for, not taken');
});

test('processes talk through it, asleep and awake', async () => {
  const [to, from] = [open(), open()];
  const echo = startCode(
    `const [to, from] = process.argv.slice(1).map((name) => crossmem.Queue.open(name));
     say('ready');
     for await (const message of to) {
       if (message.length === 0) break;
       await from.send(message);
     }
     to.close(); from.close();`,
    { args: [to.name, from.name] },
  );
  await echo.next();
  for (let i = 0; i < 500; i += 1) {
    if (i % 100 === 0) await sleep(5);
    await to.send(bytes(`message ${i}`));
    assert.equal(text(await from.receive({ timeout: 10_000 })), `message ${i}`);
  }
  to.sendSync(bytes(''));
  await echo.end();
});

test('a message of the dead comes back to those who wait', async () => {
  const queue = open();
  const worker = startCode(
    `const queue = crossmem.Queue.open(process.argv[1]);
     const lease = await queue.lease();
     const reserved = queue.tryReserve(100);
     say(Buffer.from(lease.value).toString()); await hear();`,
    { args: [queue.name] },
  );
  queue.sendSync(bytes('job'));
  assert.equal(await worker.next(), 'job');
  const waiting = queue.lease({ timeout: 10_000 });
  queue.sendSync(bytes('next'));
  await worker.kill('SIGKILL');
  const lease = await waiting;
  assert.deepEqual([text(lease.value), lease.redelivered], ['job', 1]);
  lease.ack();
  assert.equal(text(await queue.receive({ timeout: 10_000 })), 'next');
});

for (const step of [
  'trySend(x)',
  'tryReceive()',
  'trySendBatch(batch)',
  'tryReceiveBatch(other)',
]) {
  test(`${step} leaves no lock behind at the end of the stack`, async () => {
    const { stdout } = await runCode(
      `const { MessageBatch, Queue } = crossmem;
       const x = Buffer.from('x');
       const batch = new MessageBatch();
       const other = new MessageBatch(64);
       batch.add(x);
       let failures = 0;
       for (let round = 0; round < 100; round += 1) {
         const name = 'stack-' + process.pid + '-' + round;
         const queue = Queue.open(name, { capacity: 65536 });
         for (let i = 0; i < 300; i += 1) queue.trySend(x);
         let levels = 60;
         const down = () => {
           try {
             down();
           } catch (error) {
             levels -= 1;
             if (levels === 0) return;
             try {
               queue.${step};
             } catch {}
             throw error;
           }
         };
         down.call(null, ...new Array(round % 40).fill(0));
         if (!queue.trySend(x) || queue.tryReceive() === undefined) failures += 1;
         queue.close();
         Queue.unlink(name);
       }
       console.log(failures);`,
    );
    assert.equal(stdout.trim(), '0');
  });
}

test('a waiting receiver takes no processor', async () => {
  const { stdout, code } = await runCode(
    `const queue = crossmem.Queue.open('idle-' + process.pid);
     queue.receive().catch(() => {});
     setTimeout(() => {
       const before = process.cpuUsage();
       setTimeout(() => {
         const { user, system } = process.cpuUsage(before);
         console.log((user + system) / 1000);
         queue.close();
       }, 1000);
     }, 200);`,
  );
  assert.equal(code, 0);
  assert.ok(Number(stdout) < 100, `${stdout} ms of a second`);
});

test('a message that was reserved says so: its bytes came behind the tail', () => {
  const memory = keep(SharedMemory.anonymous({ size: 65_536 }));
  const queue = keep(Queue.at(memory, 0, { capacity: 4096 }));
  const words = new Int32Array(memory.buffer.buffer, memory.buffer.byteOffset, 2048);
  const reserved = queue.tryReserve(1);
  queue.trySend(bytes('x'));
  assert.deepEqual([words[1024 + 3] < 0, words[1024 + 8 + 3] < 0], [true, false]);
  reserved.commit();
  const again = queue.tryLease();
  again.release();
  assert.deepEqual([words[1024 + 3] < 0, queue.tryLease().redelivered], [true, 1]);
});
