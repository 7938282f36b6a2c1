// MessageBatch: many messages without an array for each, between processes too.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MessageBatch, Queue, record } from 'crossmem';
import { elsewhere, keep, segmentName, startCode } from './helpers/fixture.mjs';

const bytes = (text) => Buffer.from(text);
const text = (message) => Buffer.from(message).toString();
const closed = { code: 'ERR_CROSSMEM_CLOSED' };
const bun = 'Bun has no memory that cannot be transferred';
const deno = 'nor has Deno';
const inUse = { code: 'ERR_INVALID_STATE' };

function open(options) {
  const name = segmentName();
  const queue = keep(Queue.open(name, options));
  keep({ [Symbol.dispose]: () => Queue.unlink(name) });
  return queue;
}

function batchOf(messages, capacity) {
  const batch = new MessageBatch(capacity);
  for (const message of messages) assert.equal(batch.add(message), true);
  return batch;
}

test('a batch has messages of any length, each at a multiple of 16', () => {
  const batch = new MessageBatch(100);
  assert.equal(batch.bytes.length, 112);
  assert.equal(batch.add(new Uint16Array([1, 2])), true);
  assert.equal(batch.allocate(0), 48);
  assert.equal(batch.allocate(17n), 64);
  batch.bytes.fill(9, 64, 81);
  assert.equal(batch.allocate(0), 112, 'at the end of its memory');
  assert.equal(batch.allocate(1), -1);
  assert.equal(batch.add(bytes('')), false);
  const found = [0, 1, 2, 3].map((i) => [batch.offset(i), batch.byteLength(i)]);
  assert.deepEqual(found, [
    [16, 4],
    [48, 0],
    [64, 17],
    [112, 0],
  ]);
  assert.deepEqual(
    Array.from(batch, (one) => one.length),
    [4, 0, 17, 0],
  );
  assert.deepEqual(batch.message(2), new Uint8Array(17).fill(9));
  assert.equal(batch.message(2).buffer, batch.bytes.buffer);
  batch.clear();
  assert.equal(batch.length, 0);
  assert.equal(batch.add(new Uint8Array(1000).fill(3)), true, 'whatever its length: the first');
  assert.equal(batch.bytes.length, 1024);
  assert.deepEqual(batch.message(0), new Uint8Array(1000).fill(3));
  assert.equal(new MessageBatch(0).allocate(5), 16);
});

test('its memory is not taken to another thread', elsewhere({ bun, deno }), () => {
  const batch = batchOf([bytes('x')]);
  try {
    structuredClone(batch.bytes, { transfer: [batch.bytes.buffer] });
  } catch (error) {
    assert.equal(error.name, 'DataCloneError', 'Node.js 20 copies it instead');
  }
  assert.equal(text(batch.message(0)), 'x');
});

test('what lies between messages is nothing of earlier ones', () => {
  const batch = batchOf([bytes('secret secret secret secret')]);
  batch.clear();
  batch.add(bytes('open'));
  const queue = open({ capacity: 4096 });
  assert.equal(queue.trySendBatch(batch), 1);
  const lease = keep(queue.tryLease());
  const memory = Buffer.from(lease.value.buffer, lease.value.byteOffset, 16);
  assert.equal(memory.toString(), `open${'\0'.repeat(12)}`);
});

test('batches and single messages are the same messages, in order', async () => {
  const queue = open({ capacity: 4096 });
  const batch = batchOf(['a', 'bc', '', 'def'].map(bytes));
  assert.equal(queue.trySendBatch(batch), 4);
  assert.equal(queue.trySendBatch(batch, 3), 1);
  assert.equal(queue.trySendBatch(batch, 4), 0);
  assert.equal(text(queue.tryReceive()), 'a');
  queue.trySend(bytes('last'));
  const received = new MessageBatch();
  assert.equal(queue.tryReceiveBatch(received), 5);
  assert.deepEqual([...received].map(text), ['bc', '', 'def', 'def', 'last']);
  assert.equal(queue.tryReceiveBatch(received), 0);
  assert.equal(received.length, 0);
  assert.deepEqual([...batch].map(text), ['a', 'bc', '', 'def'], 'it is as it was');
  assert.equal(queue.used, 0);
});

test('every length fits, around every end, into batches of every size', () => {
  const queue = open({ capacity: 4096 });
  const batches = [16, 500, 4096, 100_000].map((capacity) => new MessageBatch(capacity));
  const sending = new MessageBatch();
  const expected = [];
  let sent = 0;
  let received = 0;
  for (let i = 0; received < 20_000; i += 1) {
    if (sending.length === 0) {
      for (let k = i % 9; k >= 0; k -= 1) {
        const length = (i * 7919 + k * 104_729) % (i % 11 === 0 ? queue.maxLength + 1 : 90);
        const message = new Uint8Array(length).fill(i + k);
        sending.add(message);
        expected.push(message);
      }
    }
    sent += queue.trySendBatch(sending, sent);
    if (sent === sending.length) {
      sending.clear();
      sent = 0;
    }
    if (i % 3 === 0 || sent < sending.length) {
      const batch = batches[i % batches.length];
      received += queue.tryReceiveBatch(batch);
      for (const message of batch) assert.deepEqual(message, expected.shift());
    }
  }
});

test('what is in the way of a batch is received alone, and nothing is lost', async () => {
  const queue = open({ capacity: 4096 });
  const batch = new MessageBatch();
  queue.trySendMany(['a', 'b', 'c'].map(bytes));
  const first = queue.tryLease();
  const second = queue.tryLease();
  assert.equal(queue.tryReceiveBatch(batch), 1, 'behind those that are leased');
  assert.deepEqual([...batch].map(text), ['c']);
  first.release();
  second.ack();
  assert.equal(queue.tryReceiveBatch(batch), 1);
  assert.deepEqual([...batch].map(text), ['a']);
  const reserved = queue.tryReserve(1);
  queue.trySend(bytes('d'));
  assert.equal(queue.tryReceiveBatch(batch), 0, 'behind one that is not committed');
  reserved.cancel();
  assert.equal(queue.tryReceiveBatch(batch), 1);
  // Longer than the batch.
  const long = new Uint8Array(2000).fill(5);
  queue.trySendMany([long, bytes('e')]);
  const small = new MessageBatch(64);
  assert.equal(queue.tryReceiveBatch(small), 1);
  assert.deepEqual(small.message(0), long);
  assert.equal(queue.tryReceiveBatch(small), 1);
  assert.equal(queue.used, 0);
  // Longer than the queue takes: those before it are sent.
  const tooLong = batchOf([bytes('f'), new Uint8Array(queue.maxLength + 1)]);
  assert.throws(() => queue.trySendBatch(tooLong), { code: 'ERR_OUT_OF_RANGE' });
  assert.equal(text(queue.tryReceive()), 'f');
});

test('of a codec they are its bytes; those of another one are told', async () => {
  const fields = { price: 'float64', id: 'uint32' };
  const queue = open({ codec: record(fields) });
  const batch = new MessageBatch();
  for (let i = 0; i < 3; i += 1) {
    const view = new DataView(batch.bytes.buffer, batch.allocate(16));
    view.setFloat64(0, i / 2, true);
    view.setUint32(8, i, true);
  }
  await queue.sendBatch(batch);
  assert.deepEqual(queue.tryReceive(), { price: 0, id: 0 });
  keep(Queue.open(queue.name)).sendSync(bytes('plain'));
  queue.sendSync({ price: 7, id: 7 });
  assert.equal(queue.tryReceiveBatch(batch), 2);
  assert.equal(new DataView(batch.bytes.buffer).getUint32(batch.offset(1) + 8, true), 2);
  assert.throws(
    () => queue.tryReceiveBatch(batch),
    ({ code, bytes: message }) => code === 'ERR_CROSSMEM_CODEC' && text(message) === 'plain',
  );
  assert.equal(await queue.receiveBatch(batch), 1);
  // The end of a stream is no message.
  const plain = open();
  plain.writable().end(bytes('x'));
  assert.equal(await plain.receiveBatch(batch), 1);
  await assert.rejects(plain.receiveBatch(batch), { code: 'ERR_CROSSMEM_CODEC', tag: 255 });
});

test('it waits for room and for messages, and is in use meanwhile', async () => {
  const queue = open({ capacity: 4096 });
  const many = batchOf(Array.from({ length: 200 }, (_, i) => new Uint8Array(40).fill(i)));
  const sending = queue.sendBatch(many);
  for (const change of [
    () => many.clear(),
    () => many.add(bytes('')),
    () => many.allocate(1),
    () => queue.trySendBatch(many),
    () => queue.sendBatch(many),
    () => queue.tryReceiveBatch(many),
    () => queue.receiveBatch(many),
  ]) {
    await assert.rejects(async () => change(), inUse, String(change));
  }
  assert.equal(many.length, 200);
  assert.equal(queue.trySendBatch(batchOf([bytes('in the line')])), 0);
  const batch = new MessageBatch(1000);
  const all = [];
  while (all.length < 200) {
    await queue.receiveBatch(batch);
    for (const message of batch) all.push(message[39]);
  }
  await sending;
  many.clear();
  assert.deepEqual(
    all,
    Array.from({ length: 200 }, (_, i) => i),
  );

  const waiting = queue.receiveBatch(batch);
  await assert.rejects(async () => queue.tryReceiveBatch(batch), inUse);
  assert.equal(queue.tryReceiveBatch(many), 0, 'others are first');
  await queue.send(bytes('one'));
  assert.equal(await waiting, 1);
  assert.deepEqual([...batch].map(text), ['one']);
  await assert.rejects(queue.receiveBatch(batch, { timeout: 5 }), { code: 'ERR_CROSSMEM_TIMEOUT' });
  const signal = AbortSignal.timeout(5);
  await assert.rejects(queue.receiveBatch(batch, { signal }), { name: 'TimeoutError' });
  await assert.rejects(queue.receiveBatch(batch, { signal }), { name: 'TimeoutError' });
  batch.add(bytes('not in use any more'));
  await assert.rejects(queue.sendBatch(batch, { signal }), { name: 'TimeoutError' });
  const ended = queue.receiveBatch(batch);
  queue.close();
  await assert.rejects(ended, closed);
});

test('between processes: all of them, in order', async () => {
  const there = open({ capacity: 65_536 });
  const back = open({ capacity: 65_536 });
  const partner = startCode(
    `const [there, back] = ['${there.name}', '${back.name}'].map((name) => crossmem.Queue.open(name));
     const batch = new crossmem.MessageBatch(8192);
     for (let left = 30_000; left > 0; left -= batch.length) {
       await there.receiveBatch(batch);
       const words = new Uint32Array(batch.bytes.buffer);
       for (let i = 0; i < batch.length; i += 1) words[batch.offset(i) / 4] *= 2;
       await back.sendBatch(batch);
     }`,
  );
  const sender = (async () => {
    const batch = new MessageBatch();
    for (let i = 0; i < 30_000; ) {
      batch.clear();
      for (const end = Math.min(30_000, i + 1 + (i % 700)); i < end; i += 1) {
        const message = new Uint32Array(1 + (i % 20)).fill(i);
        assert.ok(batch.add(message));
      }
      await there.sendBatch(batch);
    }
  })();
  const batch = new MessageBatch(5000);
  let next = 0;
  while (next < 30_000) {
    await back.receiveBatch(batch);
    for (const message of batch) {
      assert.equal(message.length, 4 * (1 + (next % 20)));
      assert.equal(new DataView(message.buffer, message.byteOffset).getUint32(0, true), 2 * next);
      next += 1;
    }
  }
  await sender;
  await partner.end();
});
