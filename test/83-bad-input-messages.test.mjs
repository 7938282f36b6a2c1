// Wrong arguments and closed objects, for everything that carries messages.
import assert from 'node:assert/strict';
import test from 'node:test';
import { BroadcastChannel, MessageBatch, Queue, SharedMemory, Subscription, Topic } from 'crossmem';
import { keep, segmentName } from './helpers/fixture.mjs';
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
const timeouts = [
  [['1', true, null, {}, []], type],
  [[-1, Number.NaN], range],
];
const notMemory = [undefined, null, 1, 'text', {}, [], Symbol('s')];

for (const Class of [Queue, Topic]) {
  const { name } = Class;
  test(`${name}: names, places, capacities`, async () => {
    await refuses((bad) => Class.open(bad), [1, null, undefined, {}], type);
    await refuses((bad) => Class.open(bad), ['', 'a/b', 'a\0b', 'x'.repeat(201)], value);
    await refuses((bad) => Class.unlink(bad), [1, null], type);
    await refuses((bad) => Class.unlink(bad), ['', 'a/b'], value);
    await refuses((bad) => Class.open(segmentName(), bad), notObjects, type);
    await refuses((capacity) => Class.open(segmentName(), { capacity }), notBytes, type);
    const sizes = [...badBytes, 0, 2 ** 30 + 1, 2 ** 52];
    await refuses((capacity) => Class.open(segmentName(), { capacity }), sizes, range);
    await refuses((bad) => Class.size(bad), [...badBytes, 0, 2 ** 30 + 1], range);
    await refuses((create) => Class.open(segmentName(), { create }), notFlags, type);
    assert.throws(() => Class.open(segmentName(), { create: false }), { code: 'ENOENT' });
    const memory = keep(SharedMemory.anonymous({ size: 65_536 }));
    await refuses((bad) => Class.at(bad, 0), [null, 1, {}], type);
    await refuses((bad) => Class.at(memory, bad), notBytes, type);
    await refuses((bad) => Class.at(memory, bad), badBytes, range);
    await refuses((bad) => Class.at(memory, bad, { capacity: 4096 }), [1, 8, 32], value);
    await refuses((bad) => Class.at(memory, bad, { capacity: 4096 }), [65_536, 65_472], range);
    assert.throws(() => new Class(), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
  });
}

test('Queue: messages and waits', async () => {
  const queue = keep(Queue.open(segmentName(), { capacity: 4096 }));
  const long = new Uint8Array(queue.maxLength + 1);
  for (const send of ['trySend', 'send', 'sendSync']) {
    await refuses((bad) => queue[send](bad), notMemory, type);
    await refuses((bad) => queue[send](bad), [long], range);
  }
  const small = Buffer.from('x');
  for (const send of ['trySendMany', 'sendMany']) {
    await refuses((bad) => queue[send](bad), [undefined, null, small, 'x', { length: 1 }], type);
    await refuses((bad) => queue[send]([small, bad]), notMemory, type);
    await refuses((bad) => queue[send]([bad]), [long], range);
  }
  for (const [bad, error] of timeouts) {
    await refuses((timeout) => queue.sendMany([small], { timeout }), bad, error);
    await refuses((timeout) => queue.send(small, { timeout }), bad, error);
    await refuses((timeout) => queue.sendSync(small, { timeout }), bad, error);
    await refuses((timeout) => queue.receive({ timeout }), bad, error);
    await refuses((timeout) => queue.receiveSync({ timeout }), bad, error);
    await refuses((spin) => queue.receiveSync({ spin }), bad, error);
    await refuses((timeout) => queue.lease({ timeout }), bad, error);
    await refuses((timeout) => queue.reserve(1, { timeout }), bad, error);
  }
  for (const wait of ['receive', 'lease']) {
    await refuses((signal) => queue[wait]({ signal }), [1, null, {}, 'x'], type);
  }
  await refuses((bad) => queue.values(bad), notObjects, type);
  for (const [bad, how] of timeouts)
    await refuses((timeout) => queue.values({ timeout }), bad, how);
  await refuses((bad) => queue.tryReserve(bad), notBytes, type);
  await refuses((bad) => queue.tryReserve(bad), [...badBytes, queue.maxLength + 1, 2 ** 52], range);
  await refuses((bad) => queue.reserve(bad), [queue.maxLength + 1], range);
  await refuses((bad) => queue.tryReceiveMany(bad), [undefined, null, '1'], type);
  await refuses((bad) => queue.tryReceiveMany(bad), [0, -1, 1.5, Number.NaN], range);
  await refuses((end) => queue.writable({ end }), notFlags, type);
  assert.equal(queue.used, 0, 'nothing of all that was sent');
});

test('Queue: arrays that lie about their length', () => {
  const queue = Queue.open(segmentName(), { capacity: 4096 });
  for (const [real, told] of [
    [1000, 4],
    [1000, 100],
    [60, 4],
    [4, 60],
    [4, 1000],
    [4, -5],
    [4, 2 ** 40],
    [4, 0.5],
    [4, Number.NaN],
    [4, '4'],
  ]) {
    const liar = Object.defineProperty(new Uint8Array(real).fill(1), 'length', { value: told });
    const sent = queue.trySendMany([Buffer.from('before'), liar, Buffer.from('behind')]);
    // As long as it says, where that can be, or as it is.
    const [before, message, behind] = [...queue.tryReceiveMany(sent), ...queue.tryReceiveMany(9)];
    assert.equal(Buffer.from(before).toString(), 'before');
    assert.ok(
      message === undefined || [told >>> 0, real].includes(message.length),
      `${real}, ${told}`,
    );
    if (behind !== undefined) assert.equal(Buffer.from(behind).toString(), 'behind');
    assert.equal(queue.used, 0);
  }
  const thrower = Object.defineProperty(new Uint8Array(5), 'length', {
    get() {
      throw new Error('a getter of one who does not know when he is called');
    },
  });
  assert.equal(queue.trySendMany([Buffer.from('before'), thrower]), 2);
  const other = Queue.open(queue.name);
  assert.equal(other.trySend(Buffer.from('behind')), true, 'nothing is left locked');
  assert.deepEqual(
    other.tryReceiveMany(9).map((message) => message.length),
    [6, 5, 6],
  );
  other.close();
  queue.close();
});

test('MessageBatch', async () => {
  await refuses((bad) => new MessageBatch(bad), [null, '1', true, {}], type);
  await refuses((bad) => new MessageBatch(bad), [...badBytes, 2 ** 30 + 1, 2 ** 52], range);
  const batch = new MessageBatch(100);
  await refuses((bad) => batch.allocate(bad), [undefined, ...notBytes], type);
  await refuses((bad) => batch.allocate(bad), [...badBytes, 2 ** 29 + 1, 2 ** 52], range);
  await refuses((bad) => batch.add(bad), notMemory, type);
  assert.equal(batch.length, 0);
  batch.add(Buffer.from('x'));
  const notIndices = [1, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, undefined, {}];
  for (const call of ['offset', 'byteLength', 'message']) {
    await refuses((bad) => batch[call](bad), notIndices, range);
  }
  const queue = keep(Queue.open(segmentName(), { capacity: 4096 }));
  const notBatches = [undefined, null, 1, [], {}, Buffer.from('x')];
  for (const call of ['trySendBatch', 'sendBatch', 'tryReceiveBatch', 'receiveBatch']) {
    await refuses((bad) => queue[call](bad), notBatches, type);
  }
  await refuses((bad) => queue.trySendBatch(batch, bad), [null, '0', {}], type);
  await refuses((bad) => queue.trySendBatch(batch, bad), [2, -1, 0.5, Number.NaN], range);
  for (const [bad, error] of timeouts) {
    await refuses((timeout) => queue.sendBatch(batch, { timeout }), bad, error);
    await refuses((timeout) => queue.receiveBatch(batch, { timeout }), bad, error);
  }
  await refuses((signal) => queue.receiveBatch(batch, { signal }), [1, null, {}, 'x'], type);
  assert.deepEqual([batch.length, queue.used], [1, 0]);

  // Whose length is not what it has, or whose memory has gone.
  const liar = (real, told) =>
    Object.defineProperty(new Uint8Array(real).fill(1), 'length', { value: told });
  for (const [real, told] of [
    [1000, 4],
    [4, 1000],
  ]) {
    batch.clear();
    try {
      batch.add(liar(real, told));
    } catch (error) {
      assert.equal(error.name, 'RangeError');
    }
    assert.ok(batch.length === 0 || [real, told].includes(batch.byteLength(0)));
  }
  await refuses((bad) => batch.add(bad), [liar(4, -5), liar(4, 0.5), liar(4, 2 ** 40)], range);
  const gone = new MessageBatch();
  gone.add(Buffer.from('x'));
  try {
    gone.bytes.buffer.transfer();
  } catch {
    // Too old for that, or new enough to refuse it.
  }
  if (gone.bytes.length === 0) {
    assert.throws(() => queue.trySendBatch(gone), { name: 'TypeError' });
    gone.clear();
    assert.equal(gone.add(Buffer.from('x')), true);
  }
  assert.equal(queue.trySendBatch(gone), 1);
  assert.equal(Buffer.from(queue.tryReceive()).toString(), 'x');
});

test('Queue: closed', async () => {
  const queue = Queue.open(segmentName());
  queue.sendSync(Buffer.from('x'));
  const lease = queue.tryLease();
  const reserved = queue.tryReserve(3);
  queue.close();
  queue.close();
  const small = Buffer.from('x');
  const batch = new MessageBatch();
  batch.add(small);
  for (const call of [
    () => queue.trySend(small),
    () => queue.send(small),
    () => queue.sendSync(small),
    () => queue.trySendMany([small]),
    () => queue.sendMany([small]),
    () => queue.tryReceive(),
    () => queue.receive(),
    () => queue.receiveSync(),
    () => queue.tryReceiveMany(1),
    () => queue.trySendBatch(batch),
    () => queue.sendBatch(batch),
    () => queue.tryReceiveBatch(new MessageBatch()),
    () => queue.receiveBatch(new MessageBatch()),
    () => queue.tryLease(),
    () => queue.lease(),
    () => queue.tryReserve(1),
    () => queue.reserve(1),
    () => queue.used,
    () => queue.waiters,
    () => lease.ack(),
    () => reserved.commit(),
  ]) {
    await assert.rejects(async () => call(), closed, String(call));
  }
  lease.release();
  reserved.cancel();
  assert.equal(reserved.buffer.length, 0);
  Queue.unlink(queue.name);
});

test('Topic and Subscription', async () => {
  const topic = Topic.open(segmentName(), { capacity: 4096 });
  await refuses((whenFull) => Topic.open(segmentName(), { whenFull }), [1, null, {}], type);
  await refuses((whenFull) => Topic.open(segmentName(), { whenFull }), ['', 'lose'], value);
  await refuses((from) => topic.subscribe({ from }), [1, null, {}], type);
  await refuses((from) => topic.subscribe({ from }), ['', 'now'], value);
  await refuses((bad) => topic.subscribe(bad), notObjects, type);
  for (const publish of ['tryPublish', 'publish', 'publishSync']) {
    await refuses((bad) => topic[publish](bad), notMemory, type);
    await refuses((bad) => topic[publish](bad), [new Uint8Array(topic.maxLength + 1)], range);
  }
  const subscription = topic.subscribe();
  for (const [bad, error] of timeouts) {
    await refuses((timeout) => topic.publish(Buffer.alloc(1), { timeout }), bad, error);
    await refuses((timeout) => subscription.receive({ timeout }), bad, error);
    await refuses((timeout) => subscription.values({ timeout }), bad, error);
  }
  assert.throws(() => new Subscription(), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
  topic.close();
  assert.throws(() => topic.tryPublish(Buffer.alloc(1)), closed);
  assert.throws(() => topic.subscribe(), closed);
  assert.throws(() => topic.subscriptions, closed);
  assert.equal(subscription.tryReceive(), undefined, 'it is its own');
  const waiting = subscription.receive();
  subscription.close();
  await assert.rejects(waiting, closed);
  assert.throws(() => subscription.lost, closed);
});

test('BroadcastChannel', async () => {
  await refuses((bad) => new BroadcastChannel('x', bad), notObjects, type);
  await refuses((capacity) => new BroadcastChannel('x', { capacity }), notBytes, type);
  const channel = new BroadcastChannel(7);
  assert.equal(channel.name, '7');
  for (const handler of [1, null, {}, 'x']) {
    channel.onmessage = handler;
    assert.equal(channel.onmessage, null);
  }
  channel.close();
});

test('a queue that is damaged says so', () => {
  const memory = keep(SharedMemory.anonymous({ size: 65_536 }));
  const queue = keep(Queue.at(memory, 0, { capacity: 4096 }));
  queue.sendSync(Buffer.from('x'));
  // The length of the first message.
  memory.buffer.writeUInt32LE(0xffffffff, 4096 + 4);
  const corrupt = { code: 'ERR_CROSSMEM_CORRUPT' };
  assert.throws(() => queue.tryReceive(), corrupt);
  assert.throws(() => queue.tryLease(), corrupt);
  memory.buffer.writeUInt32LE(1000, 256);
  assert.throws(() => queue.tryReceive(), corrupt);
  // Not a queue at all any more.
  memory.buffer.writeUInt32LE(7, 0);
  assert.throws(() => queue.trySend(Buffer.from('x')), corrupt);
  assert.throws(() => queue.tryReceive(), corrupt);
});

test('a queue whose end was put back is not walked round and round', () => {
  const memory = keep(SharedMemory.anonymous({ size: 65_536 }));
  const queue = keep(Queue.at(memory, 0, { capacity: 4096 }));
  const words = new Uint32Array(memory.buffer.buffer, memory.buffer.byteOffset, 2048);
  // Nothing but records that are gone; consumers believe in a later end than there is.
  for (let i = 0; i < 256; i += 1) words[1024 + 4 * i] = 0x60000000;
  words[49] = 256;
  words[32] = 1;
  const begin = performance.now();
  assert.equal(queue.tryReceive(), undefined);
  // As the core has it: consumers are at it.
  words[49] = 256;
  words[64] = 0;
  words[48] = 0x80000000;
  assert.throws(() => queue.tryReceive(), { code: 'ERR_CROSSMEM_CORRUPT' });
  assert.ok(performance.now() - begin < 1000);
});

test('a queue with nonsense in any word is told, or does as it says, and nothing else', () => {
  const memory = keep(SharedMemory.anonymous({ size: 65_536 }));
  const words = new Int32Array(memory.buffer.buffer, memory.buffer.byteOffset, 3000);
  let seed = 7;
  const below = (most) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * most);
  };
  const nonsense = [-1, 0, 1, 15, 16, 256, 4080, 2 ** 20, 2 ** 31 - 1, -(2 ** 31), 0x60000000];
  // Of the header: all of its words but the locks, which others would have; of the records: all.
  const places = [0, 1, 2, 3, 4, 17, 18, 32, 49, 64].concat(
    Array.from({ length: 64 }, (_, i) => 1024 + i),
  );
  const batch = new MessageBatch(8192);
  const message = new Uint8Array(20).fill(3);
  const seen = new Set();
  for (let round = 0; round < 1500; round += 1) {
    words.fill(0);
    const queue = Queue.at(memory, 0, { capacity: 4096 });
    for (let i = below(20); i >= 0; i -= 1) queue.trySend(message);
    for (let i = below(10); i > 0; i -= 1) queue.tryReceive();
    for (let i = below(3); i >= 0; i -= 1) {
      words[places[below(places.length)]] = nonsense[below(nonsense.length)];
    }
    const calls = [
      () => queue.tryReceiveBatch(batch),
      () => queue.tryReceiveMany(9),
      () => queue.trySendBatch(batch),
      () => queue.trySendMany([message, message]),
      () => queue.tryReceive(),
    ];
    for (let i = 0; i < calls.length; i += 1) {
      try {
        calls[(i + round) % calls.length]();
        for (const one of batch) assert.ok(one.length <= batch.bytes.length);
      } catch (error) {
        assert.equal(error.code, 'ERR_CROSSMEM_CORRUPT', error.stack);
        seen.add(error.message);
      }
    }
    queue.close();
  }
  assert.ok(seen.size >= 3, [...seen].join());
});
