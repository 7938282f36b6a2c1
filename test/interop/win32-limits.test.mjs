// What Windows refuses, and what crossmem/node-filemap refuses there: names, sizes, kinds, counts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { makeFile, missingFile, segmentName, underWine } from '../helpers/fixture.mjs';
import { filemap, makeMutex, startPeer, test, textOf } from '../helpers/win32.mjs';

const { FileMapping, WAIT_OBJECT_0 } = filemap;

test('size 0 is all there is', async () => {
  const name = segmentName();
  const path = makeFile('all of it');
  const map = new FileMapping();
  map.createMapping(path, name, 0);
  assert.equal(textOf(map, 9), 'all of it');
  assert.throws(() => map.readInto(0, 10, Buffer.alloc(10)), RangeError);
  const other = new FileMapping();
  other.openMapping(name, 0);
  assert.equal(textOf(other, 9), 'all of it');
  other.closeMapping();
  map.closeMapping();
  // ERROR_FILE_INVALID
  assert.throws(() => map.createMapping(makeFile(''), name, 0), /mapping, error code: 1006$/);
});

test('a section that is smaller than asked is not mapped', async () => {
  const name = segmentName();
  const peer = startPeer();
  assert.equal(await peer.ask('create-section', '-', name, 4096), 0);
  const map = new FileMapping();
  const refused = { code: 'ERR_OUT_OF_RANGE', message: /error code: 87$/ };
  assert.throws(
    () => map.openMapping(name, 4097),
    ({ cause }) => cause.message.endsWith('the section has 4096 bytes, 4097 were asked'),
  );
  assert.throws(() => map.openMapping(name, 4097), refused);
  assert.throws(() => map.createMapping(null, name, 2 ** 20), refused);
  assert.throws(() => map.createMapping(makeFile(''), name, 2 ** 20), refused);
  map.openMapping(name, 4096);
  assert.throws(() => map.readInto(1, 4096, Buffer.alloc(4096)), RangeError);
  map.openMapping(name, 100);
  assert.throws(() => map.readInto(0, 101, Buffer.alloc(101)), RangeError, 'no more than asked');
  map.closeMapping();
  await peer.end();
});

test('a name of another kind of object is refused', async () => {
  const name = segmentName();
  const map = new FileMapping();
  const mutex = makeMutex(name);
  const text = (what) => ({ code: 'EBADF', message: `Failed to ${what}, error code: 6` });
  assert.throws(() => map.createMapping(null, name, 64), text('open file mapping'));
  assert.throws(() => map.openMapping(name, 64), text('open file mapping'));
  mutex.close();
  map.createMapping(null, name, 64);
  assert.throws(() => makeMutex(name), text('create mutex'));
  assert.throws(() => makeMutex(name, 'open'), text('create mutex'));
  map.closeMapping();
});

test('a file that nobody may share is busy', async () => {
  const path = makeFile('mine');
  const holder = startPeer();
  assert.equal(await holder.ask('lock-file', path), 0);
  const map = new FileMapping();
  assert.throws(
    () => map.createMapping(path, segmentName(), 8),
    ({ code, message, cause }) => {
      assert.equal(message, 'Failed to create file, error code: 32');
      assert.deepEqual([code, cause.winerror, cause.path], ['EBUSY', 32, path]);
      return true;
    },
  );
  await holder.end();
  map.createMapping(path, segmentName(), 8);
  map.closeMapping();
});

test('names that Windows has not got', () => {
  const map = new FileMapping();
  const long = 'n'.repeat(261);
  const refusals = [
    ['', 87, 'ERR_INVALID_ARG_VALUE'],
    ['in\0side', 87, 'ERR_INVALID_ARG_VALUE'],
    ['in\\side', 3, 'ENOENT'],
    ['Elsewhere\\name', 3, 'ENOENT'],
    [long, 206, 'ENAMETOOLONG'],
  ];
  const file = missingFile();
  for (const [name, number, code] of refusals) {
    const refused = { code, message: new RegExp(`error code: ${number}$`) };
    assert.throws(() => map.createMapping(null, name, 64), refused, name);
    assert.throws(() => map.createMapping(file, name, 64), refused, name);
    assert.throws(() => map.openMapping(name, 64), refused, name);
    assert.throws(() => makeMutex(name), refused, name);
    assert.throws(() => makeMutex(name, 'open'), refused, name);
  }
  assert.throws(() => readFileSync(file), { code: 'ENOENT' }, 'no file was made');
  for (const name of [long.slice(1), 'a/b', 'ä \u{1F600}'].map((one) => one + process.pid)) {
    const short = name.slice(-260);
    map.createMapping(null, short, 64);
    makeMutex(`${short.slice(1)}m`).close();
    map.closeMapping();
  }
});

test('sizes that nobody has', () => {
  const map = new FileMapping();
  const create = (file, size) => () => map.createMapping(file, segmentName(), size);
  const text = (number) => ({ message: `Failed to create file mapping, error code: ${number}` });
  assert.throws(create(null, 0), text(87));
  for (const size of [NaN, -1, 1.5, 2 ** 53, Infinity]) {
    assert.throws(create(null, size), { code: 'ERR_OUT_OF_RANGE', ...text(87) });
    assert.throws(() => map.openMapping('x', size), { code: 'ERR_OUT_OF_RANGE' });
  }
  // No room in the page file, or no such number.
  assert.throws(
    create(null, 2 ** 53 - 1),
    /^Error: Failed to create file mapping, error code: \d+$/,
  );
  for (const size of ['1', 1n, null, undefined, {}]) {
    assert.throws(create(null, size), TypeError);
  }
});

test('more than 64 mutexes, one twice, closed ones', () => {
  const mutexes = Array.from({ length: 65 }, () => makeMutex(segmentName()));
  const [first, second] = mutexes;
  const tooMany = { code: 'ERR_OUT_OF_RANGE', message: 'Failed to wait on mutex, error code: 87' };
  for (const all of [true, false]) {
    assert.throws(() => first.waitMultiple(mutexes, all, 0), tooMany);
    assert.equal(first.waitMultiple(mutexes.slice(1), all, 0), WAIT_OBJECT_0);
  }
  const twice = { code: 'EINVAL', message: 'Failed to wait on mutex, error code: 87' };
  const both = () => first.waitMultiple([first, first], true, 0);
  // By Microsoft's documentation; Wine gives it twice.
  if (underWine) assert.equal(both(), WAIT_OBJECT_0);
  else assert.throws(both, twice);
  assert.equal(first.waitMultiple([first, first], false, 0), WAIT_OBJECT_0);
  second.close();
  second.close();
  const closed = { code: 'ERR_CROSSMEM_CLOSED', message: 'Failed to wait on mutex, error code: 6' };
  assert.throws(() => second.wait(0), closed);
  assert.throws(() => first.waitMultiple([first, second], false, 0), closed);
  second.release();
  for (const span of [-2, 0.5, NaN, 2 ** 32]) {
    assert.equal(first.wait(span), WAIT_OBJECT_0, `${span}`);
  }
  for (const mutex of mutexes) mutex.close();
});
