// Wrong arguments, closed objects and damaged memory, for Latest.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Latest, Queue, SharedMemory } from 'crossmem';
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
const corrupt = { code: 'ERR_CROSSMEM_CORRUPT' };
const small = Buffer.from('x');

test('names, places, sizes', async () => {
  await refuses((bad) => Latest.open(bad), [1, null, undefined, {}], type);
  await refuses((bad) => Latest.open(bad), ['', 'a/b', 'a\0b', 'x'.repeat(201)], value);
  await refuses((bad) => Latest.unlink(bad), [1, null], type);
  await refuses((bad) => Latest.unlink(bad), ['', 'a/b'], value);
  await refuses((bad) => Latest.open(segmentName(), bad), notObjects, type);
  await refuses((size) => Latest.open(segmentName(), { size }), notBytes, type);
  const sizes = [...badBytes, 0, 2 ** 30 + 1, 2 ** 52];
  await refuses((size) => Latest.open(segmentName(), { size }), sizes, range);
  await refuses((bad) => Latest.size(bad), [...badBytes, 0, 2 ** 30 + 1], range);
  await refuses((bad) => Latest.size(bad), notBytes, type);
  await refuses((create) => Latest.open(segmentName(), { create }), notFlags, type);
  await refuses((codec) => Latest.open(segmentName(), { codec }), [1, null, {}, 'xml'], type);
  assert.throws(() => Latest.open(segmentName(), { create: false }), { code: 'ENOENT' });
  const memory = keep(SharedMemory.anonymous({ size: 65_536 }));
  await refuses((bad) => Latest.at(bad, 0), [null, 1, {}], type);
  await refuses((bad) => Latest.at(memory, bad), notBytes, type);
  await refuses((bad) => Latest.at(memory, bad), badBytes, range);
  await refuses((bad) => Latest.at(memory, bad, { size: 100 }), [1, 8, 32], value);
  await refuses((bad) => Latest.at(memory, bad, { size: 100 }), [65_536, 65_472], range);
  await refuses((bad) => Latest.at(memory, bad), [0], range);
  assert.throws(() => new Latest(), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
  const queue = keep(Queue.open(segmentName()));
  assert.throws(() => Latest.open(queue.name), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('values and waits', async () => {
  const latest = keep(Latest.open(segmentName(), { size: 100 }));
  const notMemory = [undefined, null, 1, 'text', {}, [], Symbol('s')];
  for (const set of ['trySet', 'set', 'setSync']) {
    await refuses((bad) => latest[set](bad), notMemory, type);
    await refuses((bad) => latest[set](bad), [new Uint8Array(101)], range);
  }
  for (const [bad, error] of [
    [['1', true, null, {}, []], type],
    [[-1, Number.NaN], range],
  ]) {
    await refuses((timeout) => latest.set(small, { timeout }), bad, error);
    await refuses((timeout) => latest.setSync(small, { timeout }), bad, error);
    await refuses((timeout) => latest.changed({ timeout }), bad, error);
    await refuses((timeout) => latest.changedSync({ timeout }), bad, error);
    await refuses((timeout) => latest.values({ timeout }), bad, error);
    await refuses((timeout) => latest.reserve(1, { timeout }), bad, error);
  }
  for (const wait of ['changed', 'changedSync', 'values']) {
    await refuses((since) => latest[wait]({ since }), ['1', null, {}, 1n], type);
    await refuses((since) => latest[wait]({ since }), [-1, 1.5, Number.NaN, 2 ** 53], range);
    await refuses((bad) => latest[wait](bad), notObjects, type);
  }
  await refuses((signal) => latest.changed({ signal }), [1, null, {}, 'x'], type);
  await refuses((signal) => latest.values({ signal }), [1, null, {}, 'x'], type);
  await refuses((signal) => latest.set(small, { signal }), [1, null, {}, 'x'], type);
  const lengths = notBytes.filter((bad) => bad !== undefined);
  for (const reserve of ['tryReserve', 'reserve']) {
    await refuses((bad) => latest[reserve](bad), lengths, type);
    await refuses((bad) => latest[reserve](bad), [...badBytes, 101, 2 ** 52], range);
  }
  assert.equal(latest.version, 0, 'nothing of all that was set');
  const json = keep(Latest.open(segmentName(), { codec: 'json' }));
  await refuses((bad) => json.trySet(bad), [undefined, () => 1], type);
});

test('closed', async () => {
  const latest = Latest.open(segmentName());
  latest.setSync(small);
  const look = latest.look();
  const reserved = latest.tryReserve(3);
  latest.close();
  latest.close();
  for (const call of [
    () => latest.trySet(small),
    () => latest.set(small),
    () => latest.setSync(small),
    () => latest.get(),
    () => latest.look(),
    () => latest.version,
    () => latest.waiters,
    () => latest.changed(),
    () => latest.changed({ since: 0 }),
    () => latest.changedSync(),
    () => latest.tryReserve(1),
    () => latest.reserve(1),
    () => reserved.commit(),
  ]) {
    await assert.rejects(async () => call(), closed, String(call));
  }
  for await (const one of latest) assert.fail(`${one}`);
  reserved.cancel();
  assert.equal(reserved.buffer.length, 0);
  assert.equal(look.valid(), false);
});

test('damage is told', async () => {
  const memory = keep(SharedMemory.anonymous({ size: 65_536 }));
  const latest = keep(Latest.at(memory, 0, { size: 100 }));
  const { buffer } = memory;
  // Where the place of the newest value begins.
  const place = () => 192 + (latest.version % 3) * 192;
  const all = [() => latest.get(), () => latest.look()];
  for (const length of [101, 0x7fffffff, 0xffffffff]) {
    latest.setSync(small);
    buffer.writeUInt32LE(length, place() + 8);
    for (const call of all) assert.throws(call, corrupt);
  }
  for (const half of [0, 4]) {
    latest.setSync(small);
    buffer.writeUInt32LE(77, place() + half);
    for (const call of all) assert.throws(call, corrupt);
    await assert.rejects(latest.values().next(), corrupt);
  }
  latest.setSync(small);
  assert.deepEqual(Buffer.from(latest.get()), small, 'whole again by the next');
  for (const version of [5n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
    buffer.writeBigUInt64LE(version, 64);
    for (const call of all) assert.throws(call, corrupt);
    assert.equal(latest.version, Number(version));
  }
  latest.trySet(small);
  assert.equal(latest.get(), undefined, 'the version is 0 again');
  // Not a Latest at all any more.
  buffer.writeUInt32LE(7, 0);
  for (const call of all) assert.throws(call, corrupt);
  assert.throws(() => latest.trySet(small), corrupt);
  assert.throws(() => latest.version, corrupt);
  assert.throws(() => latest.changedSync({ timeout: 5 }), corrupt);
  assert.throws(() => latest.tryReserve(1), corrupt);
  assert.throws(() => Latest.at(memory, 0, { size: 100 }), corrupt);
});
