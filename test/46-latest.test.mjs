// Latest: the newest whole value, copied or where it lies, and waits for a newer one.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Event, Latest, record, SharedMemory, waitAny } from 'crossmem';
import { keep, resultOf, segmentName } from './helpers/fixture.mjs';

const timeout = { code: 'ERR_CROSSMEM_TIMEOUT' };
const closed = { code: 'ERR_CROSSMEM_CLOSED' };
const bytes = (text) => Buffer.from(text);
const text = (value) => value && Buffer.from(value).toString();
const open = (options, name = segmentName()) => keep(Latest.open(name, options));

test('what was set last is got, whole', async () => {
  const latest = open({ size: 100 });
  assert.deepEqual([latest.maxLength, latest.version, latest.get()], [100, 0, undefined]);
  assert.equal(latest.look(), undefined);
  assert.equal(latest.trySet(bytes('one')), true);
  const one = latest.get();
  assert.ok(one instanceof Uint8Array);
  await latest.set(new Uint32Array([1, 2]));
  assert.deepEqual([...new Uint32Array(latest.get().buffer)], [1, 2]);
  latest.setSync(new ArrayBuffer(3));
  assert.deepEqual(latest.get(), new Uint8Array(3));
  latest.setSync(new Uint8Array(new SharedArrayBuffer(2)).fill(7));
  assert.deepEqual(latest.get(), new Uint8Array(2).fill(7));
  latest.setSync(bytes(''));
  assert.deepEqual([latest.get().length, latest.version], [0, 5]);
  assert.equal(text(one), 'one', 'it is a copy');
  for (let length = 0; length <= 100; length += 1) {
    latest.setSync(new Uint8Array(length).fill(length));
    assert.deepEqual(latest.get(), new Uint8Array(length).fill(length));
  }
});

test('it is opened as it was made, and goes with its last user', () => {
  const name = segmentName();
  assert.throws(() => Latest.open(name, { create: false }), { code: 'ENOENT' });
  const one = Latest.open(name);
  assert.equal(one.maxLength, 65_536, 'by default');
  one.setSync(bytes('x'));
  const two = Latest.open(name);
  assert.equal(text(two.get()), 'x');
  assert.throws(() => Latest.open(name, { size: 100 }), { code: 'ERR_INVALID_ARG_VALUE' });
  one.close();
  one.close();
  assert.equal(text(two.get()), 'x');
  two.close();
  const again = open({ size: 3000n }, name);
  assert.deepEqual([again.maxLength, again.version], [3000, 0]);
  assert.equal(Latest.unlink(name), true);
  assert.equal(Latest.unlink(name), false);
});

const values = {
  structured: { at: new Date(5), map: new Map([[1, 2n]]) },
  json: { a: [1, null, 'x'] },
  msgpack: { a: [1, null, 'x'], b: 1.5 },
};
for (const [codec, value] of Object.entries(values)) {
  test(`codec ${codec}`, async () => {
    const latest = open({ codec });
    await latest.set(value);
    assert.deepEqual(latest.get(), value);
    const raw = open({ codec: codec === 'json' ? 'structured' : 'json' }, latest.name);
    assert.throws(() => raw.get(), { code: 'ERR_CROSSMEM_CODEC' });
    assert.ok(latest.look().bytes.length > 0);
  });
}

test('codecs of records, and of one’s own', async () => {
  const point = record({ x: 'float64', y: 'float64' });
  const latest = open({ codec: point });
  await latest.set({ x: 1.5, y: -2 });
  const { x, y } = latest.get();
  assert.deepEqual([x, y, latest.look().tag], [1.5, -2, point.tag]);
  const upper = {
    tag: 300,
    encode: (value) => bytes(value.toUpperCase()),
    decode: (value) => Buffer.from(value).toString(),
  };
  const own = open({ codec: upper });
  own.setSync('loud');
  assert.equal(own.get(), 'LOUD');
});

test('a look tells whether it was whole', () => {
  const latest = open({ size: 1000 });
  latest.setSync(bytes('one'));
  const one = latest.look();
  assert.deepEqual([text(one.bytes), one.version, one.tag], ['one', 1, 0]);
  latest.setSync(bytes('two'));
  latest.setSync(bytes('three'));
  assert.equal(one.valid(), true);
  assert.equal(text(one.bytes), 'one');
  const reserved = latest.tryReserve(5);
  assert.equal(one.valid(), false, 'before a byte of it is written');
  assert.equal(text(one.bytes), 'one');
  reserved.cancel();
  const three = latest.look();
  assert.equal(three.valid(), true);
  latest.close();
  assert.equal(three.valid(), false);
  assert.equal(three.bytes.length, 0);
});

test('it is written in place', async () => {
  const latest = open({ size: 1000, codec: 'json' });
  const other = open({ codec: 'json' }, latest.name);
  latest.setSync('before');
  const reserved = latest.tryReserve(7);
  assert.equal(reserved.buffer.length, 7);
  reserved.buffer.set(bytes('"after"'));
  assert.equal(other.get(), 'before', 'readers do not wait');
  assert.equal(other.trySet('other'), false);
  assert.equal(other.tryReserve(1), null);
  assert.throws(() => latest.setSync('own'), { code: 'EDEADLK' });
  assert.throws(() => other.setSync('other', { timeout: 5 }), timeout);
  await assert.rejects(other.set('other', { timeout: 5 }), timeout);
  const abort = new AbortController();
  const aborted = other.reserve(1, { signal: abort.signal });
  const next = other.set('next');
  abort.abort(new Error('enough'));
  await assert.rejects(aborted, { message: 'enough' });
  const last = latest.reserve(6n);
  reserved.commit();
  assert.throws(() => reserved.commit(), closed);
  const [, reservation] = await Promise.all([next, last]);
  reservation.buffer.set(bytes('"last"'));
  reservation.commit();
  assert.equal(other.get(), 'last');
  assert.equal(latest.version, 4);
  const dropped = other.tryReserve();
  assert.equal(dropped.buffer.length, 1000);
  other.close();
  assert.equal(dropped.ended, true);
  latest.setSync('free again');
});

test('a change is waited for', async () => {
  const latest = open();
  await assert.rejects(latest.changed({ timeout: 5 }), timeout);
  assert.throws(() => latest.changedSync({ timeout: 5 }), timeout);
  await assert.rejects(latest.changed({ signal: AbortSignal.abort() }), { name: 'AbortError' });
  const abort = new AbortController();
  const aborted = latest.changed({ signal: abort.signal });
  const [now, third] = [latest.changed(), latest.changed({ since: 2 })];
  await sleep(1);
  abort.abort(new Error('enough'));
  await assert.rejects(aborted, { message: 'enough' });
  latest.setSync(bytes('1'));
  assert.equal(await now, 1);
  assert.equal(await latest.changed({ since: 0 }), 1, 'at once');
  assert.equal(latest.changedSync({ since: 0 }), 1);
  latest.setSync(bytes('2'));
  latest.setSync(bytes('3'));
  assert.equal(await third, 3);
  const event = keep(Event.open(segmentName()));
  const waiting = waitAny([event, latest]);
  await sleep(1);
  latest.setSync(bytes('4'));
  assert.equal((await waiting).index, 1);
  const pending = [latest.changed(), latest.changed({ since: 100 })];
  latest.close();
  for (const one of pending) await assert.rejects(one, closed);
});

test('it is iterated until it is closed', async () => {
  const latest = open({ codec: 'json' });
  latest.setSync(-1);
  const seen = [];
  const reading = (async () => {
    for await (const value of latest) seen.push(value);
  })();
  while (seen.length === 0) await sleep(1);
  for (let i = 0; i < 5000; i += 1) await latest.set(i);
  while (seen.at(-1) !== 4999) await sleep(1);
  const later = [];
  const readingLater = (async () => {
    for await (const value of latest.values({ since: latest.version })) later.push(value);
  })();
  await sleep(1);
  latest.setSync('next');
  while (later.length === 0) await sleep(1);
  latest.close();
  await Promise.all([reading, readingLater]);
  assert.equal(seen[0], -1, 'it begins with what is there');
  assert.deepEqual(later, ['next']);
  const numbers = seen.slice(0, -1);
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => a - b),
    'none comes back',
  );
  await assert.rejects(open().values({ timeout: 5 }).next(), timeout);
});

test('the event loop has its turns while values are awaited', async () => {
  const latest = open();
  let turns = 0;
  const count = () => {
    turns += 1;
    if (turns < 5) setImmediate(count);
  };
  setImmediate(count);
  const iterator = latest.values();
  for (let i = 0; turns < 5; i += 1) {
    assert.ok(i < 100_000);
    latest.setSync(bytes('x'));
    await iterator.next();
  }
});

test('a wait keeps the process up, unless told not to', async () => {
  const code = `const latest = crossmem.Latest.open('${segmentName()}');
    latest.changed().catch(() => {}); setTimeout(() => latest.unref(), 20);
    process.on('exit', () => console.log('1'));`;
  assert.equal(await resultOf(code), 1);
});

test('it lies in a mapping', () => {
  const memory = keep(SharedMemory.anonymous({ size: 65_536 }));
  assert.equal(Latest.size(1000), 192 + 3 * (64 + 1024));
  assert.equal(Latest.size(1000n), Latest.size(1000));
  const latest = keep(Latest.at(memory, 64, { size: 1000 }));
  const same = keep(Latest.at(memory, 64n, { size: 1000 }));
  latest.setSync(bytes('x'));
  assert.equal(text(same.get()), 'x');
  const look = same.look();
  memory.close();
  assert.throws(() => latest.get(), closed);
  assert.throws(() => latest.look(), closed);
  assert.throws(() => latest.version, closed);
  assert.throws(() => latest.trySet(bytes('x')), closed);
  assert.equal(look.valid(), false);
});

test('its version has more than 32 bits', () => {
  const memory = keep(SharedMemory.anonymous({ size: 65_536 }));
  const latest = keep(Latest.at(memory, 0, { size: 1000 }));
  for (const begin of [2 ** 31 - 5, 2 ** 32 - 5, 5 * 2 ** 32 - 5]) {
    memory.buffer.writeBigUInt64LE(BigInt(begin), 64);
    for (let i = 1; i <= 10; i += 1) {
      latest.setSync(bytes(`number ${i}`));
      assert.equal(latest.version, begin + i);
      assert.equal(text(latest.get()), `number ${i}`);
      assert.equal(latest.look().version, begin + i);
      assert.equal(latest.look().bytes.buffer, latest.look().bytes.buffer, 'not copied');
      assert.equal(latest.changedSync({ since: begin + i - 1 }), begin + i);
      assert.throws(() => latest.changedSync({ timeout: 0 }), timeout);
    }
  }
});
