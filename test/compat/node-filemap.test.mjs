// node-filemap: its README's protocol between two processes, its errors, and what was mended.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative } from 'node:path';
import test from 'node:test';
import * as esm from 'crossmem/node-filemap';
import { elsewhere, makeFile, missingFile, segmentName, startCode } from '../helpers/fixture.mjs';

const onWindows = process.platform === 'win32';
const filemap = createRequire(import.meta.url)('crossmem/node-filemap');
const { FileMapping, Mutex, INFINITE, WAIT_ABANDONED, WAIT_OBJECT_0, WAIT_TIMEOUT } = filemap;

test('exports what the original does', () => {
  assert.deepEqual(Object.keys(filemap).sort(), [
    'FileMapping',
    'INFINITE',
    'Mutex',
    'WAIT_ABANDONED',
    'WAIT_ABANDONED_0',
    'WAIT_OBJECT_0',
    'WAIT_TIMEOUT',
  ]);
  assert.deepEqual([INFINITE, WAIT_OBJECT_0, WAIT_ABANDONED, WAIT_TIMEOUT], [-1, 0, 128, 258]);
  assert.equal(esm.Mutex, Mutex);
  assert.throws(() => FileMapping(), {
    name: 'Error',
    message: 'Must create FileMapping with new',
  });
  assert.throws(() => Mutex(), { name: 'Error', message: 'Must create Mutex with new' });
});

const talks = elsewhere({
  bun: 'Bun writes to a child when its event loop turns, and this thread blocks',
});

test(
  'the documented protocol: a server waits for many, a client writes and lets go',
  talks,
  async () => {
    const name = segmentName();
    const map = new FileMapping();
    map.createMapping(null, name, 64);
    const mutexes = [0, 1].map((i) => {
      const mutex = new Mutex();
      mutex.create(`${name}-${i}`);
      return mutex;
    });
    const client = startCode(
      `const { FileMapping, Mutex } = require('crossmem/node-filemap');
     const [, name] = process.argv;
     const map = new FileMapping();
     map.openMapping(name, 64);
     const [first, second] = [0, 1].map((i) => {
       const mutex = new Mutex(); mutex.open(name + '-' + i); return mutex;
     });
     say([first.wait(), second.wait()]);
     await hear();
     map.writeBuffer(Buffer.from('  hello'), 10, 2, 5);
     second.release();
     say('written'); await hear();`,
      { args: [name] },
    );
    assert.deepEqual(await client.next(), [WAIT_OBJECT_0, WAIT_OBJECT_0]);
    const [first] = mutexes;
    assert.equal(first.waitMultiple(mutexes, false, 20), WAIT_TIMEOUT);
    assert.equal(first.wait(0), WAIT_TIMEOUT);
    client.say('write');
    assert.equal(first.waitMultiple(mutexes, false, INFINITE), WAIT_OBJECT_0 + 1);
    const target = Buffer.alloc(5);
    map.readInto(10, 5, target);
    assert.equal(target.toString(), 'hello');
    assert.equal(first.waitMultiple(mutexes, true, 20), WAIT_TIMEOUT);
    await client.kill();
    assert.equal(first.wait(), WAIT_ABANDONED);
    first.release();
    assert.equal(first.wait(4294967295), WAIT_OBJECT_0, 'told once');
    for (const mutex of mutexes) {
      mutex.release();
      mutex.close();
      mutex.close();
    }
    map.closeMapping();
  },
);

test('a killed client is abandoned also among many', async () => {
  const name = segmentName();
  const mutexes = [0, 1, 2].map((i) => {
    const mutex = new Mutex();
    mutex.create(`${name}-${i}`);
    return mutex;
  });
  const client = startCode(
    `const { Mutex } = require('crossmem/node-filemap');
     globalThis.kept = [0, 1, 2].map((i) => {
       const mutex = new Mutex(); mutex.open(process.argv[1] + '-' + i); mutex.wait(); return mutex;
     });
     say('held'); await hear();`,
    { args: [name] },
  );
  await client.next();
  await client.kill();
  const any = mutexes[0].waitMultiple(mutexes.slice(1), false, 5000);
  assert.equal(any, WAIT_ABANDONED);
  assert.equal(mutexes[0].waitMultiple(mutexes, true, 5000), WAIT_ABANDONED);
  assert.equal(mutexes[0].waitMultiple(mutexes, true, 5000), WAIT_OBJECT_0);
  for (const mutex of mutexes) {
    mutex.release();
    mutex.release();
    mutex.release();
    mutex.close();
  }
});

test('a mutex is recursive, and shared by the objects of a thread', async () => {
  const name = segmentName();
  const one = new Mutex();
  const other = new Mutex();
  one.create(name);
  other.open(name);
  assert.deepEqual([one.wait(), other.wait(), one.wait(0)], [0, 0, 0]);
  const asks = startCode(
    `const { Mutex } = require('crossmem/node-filemap');
     const mutex = new Mutex(); mutex.open(process.argv[1]);
     for (;;) { if (await hear() === undefined) break; say(mutex.wait(20)); }`,
    { args: [name] },
  );
  for (const expected of [WAIT_TIMEOUT, WAIT_TIMEOUT, WAIT_OBJECT_0]) {
    one.release();
    asks.say('try');
    assert.equal(await asks.next(), expected);
  }
  one.release();
  assert.equal(one.wait(20), WAIT_TIMEOUT);
  await asks.end();
  one.close();
  other.close();
});

test('a file is mapped under a name that others open', async () => {
  const name = segmentName();
  const path = missingFile();
  const map = new FileMapping();
  map.createMapping(path, name, 20);
  const client = startCode(
    `const map = new (require('crossmem/node-filemap').FileMapping)();
     map.openMapping(process.argv[1], 20);
     map.writeBuffer(Buffer.from('from another'), 0, 0, 12);
     map.closeMapping(); say('done'); await hear();`,
    { args: [name] },
  );
  await client.next();
  await client.end();
  const text = Buffer.alloc(12);
  map.readInto(0, 12, text);
  assert.equal(text.toString(), 'from another');
  const again = new FileMapping();
  again.createMapping(makeFile('something else'), name, 20);
  again.readInto(0, 12, text);
  assert.equal(text.toString(), 'from another', 'a name that exists is opened');
  map.closeMapping();
  again.closeMapping();
  assert.equal(readFileSync(path, 'latin1'), `from another${'\0'.repeat(8)}`);
  assert.throws(
    () => map.openMapping(name, 20),
    /^Error: Failed to open file mapping, error code: 2$/,
  );
});

test('what is opened again keeps the memory, and what fails keeps what was open', () => {
  const name = segmentName();
  const map = new FileMapping();
  const text = Buffer.alloc(4);
  for (const file of [null, makeFile('')]) {
    map.createMapping(file, name, 16);
    map.writeBuffer(Buffer.from('kept'), 0, 0, 4);
    map.createMapping(file, name, 16);
    map.openMapping(name, 16);
    assert.throws(() => map.openMapping(segmentName(), 16), /error code: 2$/);
    map.readInto(0, 4, text.fill(0));
    assert.equal(text.toString(), 'kept');
    map.closeMapping();
  }
});

test('says what the original said', () => {
  const map = new FileMapping();
  const mutex = new Mutex();
  const few = (what) => ({ name: 'TypeError', message: `Not enough arguments to ${what}` });
  const wrong = (what) => ({ name: 'TypeError', message: `Wrong type arguments to ${what}` });
  assert.throws(() => map.createMapping(null, 'x'), few('FileMapping.createMapping'));
  assert.throws(() => map.createMapping(1, 'x', 1), wrong('FileMapping.createMapping'));
  assert.throws(() => map.openMapping('x'), few('FileMapping.openMapping'));
  assert.throws(() => map.openMapping('x', '1'), wrong('FileMapping.openMapping'));
  assert.throws(() => map.writeBuffer(Buffer.alloc(1), 0), few('FileMapping.writeBuffer'));
  assert.throws(() => map.writeBuffer('x', 0, 0), wrong('FileMapping.writeBuffer'));
  assert.throws(() => map.readInto(0), few('FileMapping.readInto'));
  assert.throws(() => map.readInto(0, 1), wrong('FileMapping.readInto'));
  assert.throws(() => mutex.create(), few('Mutex.create'));
  assert.throws(() => mutex.open(1), wrong('Mutex.open'));
  assert.throws(() => mutex.wait('1'), wrong('Mutex.wait'));
  assert.throws(() => mutex.waitMultiple([], true), few('Mutex.waitMultiple'));
  const likeOne = Object.create(Mutex.prototype);
  // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
  for (const list of [[1], [mutex, ,], [likeOne], [null], mutex]) {
    assert.throws(() => mutex.waitMultiple(list, true, 1), wrong('Mutex.waitMultiple'));
  }
  assert.throws(() => likeOne.wait(1), wrong('Mutex.wait'));
  assert.throws(() => mutex.wait(), /^Error: Failed to wait on mutex, error code: 6$/);
  assert.throws(() => mutex.open(segmentName()), /Failed to create mutex, error code: 2$/);
  assert.throws(
    () => map.createMapping(null, segmentName(), 0),
    /^Error: Failed to create file mapping, error code: 87$/,
  );
  assert.throws(
    () => map.createMapping('/no/such/folder/file', segmentName(), 8),
    // ERROR_PATH_NOT_FOUND, which no errno tells from a file that is missing.
    onWindows
      ? /^Error: Failed to create file, error code: 3$/
      : /^Error: Failed to create file, error code: 2$/,
  );
});

test('what was mended: bounds, use before opening and after closing', () => {
  const map = new FileMapping();
  const closed = { code: 'ERR_CROSSMEM_CLOSED' };
  assert.throws(() => map.readInto(0, 1, Buffer.alloc(1)), closed);
  map.createMapping(null, segmentName(), 16);
  assert.throws(() => map.readInto(0, 17, Buffer.alloc(32)), RangeError);
  assert.throws(() => map.readInto(0, 9, Buffer.alloc(8)), RangeError);
  assert.throws(() => map.writeBuffer(Buffer.alloc(8), 10, 0, 8), RangeError);
  assert.throws(() => map.writeBuffer(Buffer.alloc(8), 0, 4, 8), RangeError);
  map.writeBuffer(Buffer.alloc(8), 0, 0);
  map.closeMapping();
  map.closeMapping();
  assert.throws(() => map.writeBuffer(Buffer.alloc(1), 0, 0, 1), closed);
  new Mutex().release();
});

test('any view of memory is a buffer, from its first byte', () => {
  const map = new FileMapping();
  map.createMapping(null, segmentName(), 16);
  const memory = new ArrayBuffer(12);
  Buffer.from(memory).write('....abcdefgh');
  map.writeBuffer(new Uint8Array(memory, 4), 0, 1, 3);
  map.writeBuffer(new DataView(memory, 8), 3, 0, 4);
  const words = new Uint16Array(memory, 2, 3);
  map.readInto(1, 5, words);
  assert.equal(Buffer.from(memory).toString(), '..cdefgdefgh');
  assert.throws(() => map.readInto(0, 7, words), RangeError);
  const wrong = { message: 'Wrong type arguments to FileMapping.readInto' };
  assert.throws(() => map.readInto(0, 1, memory), wrong);
  map.closeMapping();
});

test('a name stands for one file, wherever it was named from', async () => {
  const name = segmentName();
  const path = makeFile('');
  const map = new FileMapping();
  map.createMapping(relative(process.cwd(), path), name, 64);
  map.writeBuffer(Buffer.from('here'), 0, 0, 4);
  const other = startCode(
    `process.chdir('/');
     const { FileMapping } = require('crossmem/node-filemap');
     const map = new FileMapping();
     map.openMapping(process.argv[1], 64);
     const buffer = Buffer.alloc(4);
     map.readInto(0, 4, buffer);
     say(buffer.toString());`,
    { args: [name] },
  );
  assert.equal(await other.next(), 'here');
  await other.end();
  map.closeMapping();
});

test('a path that is too long leaves no name behind', () => {
  const name = segmentName();
  const map = new FileMapping();
  // Windows says ERROR_INVALID_NAME, as no name in a path may be so long; Wine something else.
  const expected = onWindows
    ? /^Error: Failed to create file, error code: \d+$/
    : /error code: 206$/;
  assert.throws(() => map.createMapping(`/${'x'.repeat(5000)}`, name, 64), expected);
  map.createMapping(null, name, 64);
  map.closeMapping();
});

test('two processes that create a mapping at the same time get the same one', async () => {
  const name = segmentName();
  const path = makeFile('');
  const code = `const { FileMapping } = require('crossmem/node-filemap');
    say('ready');
    await hear();
    for (let i = 0; i < 200; i++) {
      const map = new FileMapping();
      map.createMapping(process.argv[2], process.argv[1], 64);
      map.closeMapping();
    }
    say('done');`;
  const both = [0, 1].map(() => startCode(code, { args: [name, path] }));
  await Promise.all(both.map((one) => one.next()));
  for (const one of both) one.say('go');
  assert.deepEqual(await Promise.all(both.map((one) => one.next())), ['done', 'done']);
  await Promise.all(both.map((one) => one.end()));
});

test('waits for nothing as Win32 does', () => {
  const mutex = new Mutex();
  mutex.create(segmentName());
  assert.throws(() => mutex.waitMultiple([], false, 10), /error code: 87$/);
  assert.throws(() => mutex.waitMultiple([], true, 10), /error code: 87$/);
  assert.equal(FileMapping.name, 'FileMapping');
  assert.equal(Mutex.name, 'Mutex');
  mutex.close();
});
