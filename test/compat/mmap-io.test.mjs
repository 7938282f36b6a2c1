// crossmem/mmap-io against what mmap-io 1.4.3 was seen to do on Linux, crashes excepted.
import assert from 'node:assert/strict';
import { constants as bufferConstants } from 'node:buffer';
import { closeSync, fstatSync, openSync, readFileSync, truncateSync, unlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import mmap, * as named from 'crossmem/mmap-io';
import {
  cannotCut,
  countMappings,
  hasSharedBuffers,
  makeFile,
  makeSparseFile,
  onWindows,
  resultOf,
  segmentName,
} from '../helpers/fixture.mjs';

const page = mmap.PAGESIZE;
const { MAP_PRIVATE, MAP_SHARED, PROT_NONE, PROT_READ, PROT_WRITE } = mmap;
const filled = () => makeFile(Buffer.alloc(3 * page + 100, 'A'));
const reader = () => openSync(filled(), 'r');
const writer = () => openSync(filled(), 'r+');
const failed = (call, number, code) => ({
  name: 'Error',
  message: `${call} failed, ${number}`,
  code,
});

test('the module has mmap-io’s shape, in require and import', () => {
  const required = createRequire(import.meta.url)('crossmem/mmap-io');
  assert.equal(required, mmap);
  assert.equal(required.default, undefined);
  assert.equal(named.map, mmap.map);
  const constants = {
    MADV_DONTNEED: 4,
    MADV_NORMAL: 0,
    MADV_RANDOM: 1,
    MADV_SEQUENTIAL: 2,
    MADV_WILLNEED: 3,
    ...(process.platform === 'linux' && { MAP_NONBLOCK: 65536, MAP_POPULATE: 32768 }),
    MAP_PRIVATE: 2,
    MAP_SHARED: 1,
    PAGESIZE: page,
    PROT_EXEC: 4,
    PROT_EXECUTE: 4,
    PROT_NONE: 0,
    PROT_READ: 1,
    PROT_WRITE: 2,
  };
  const functions = ['advise', 'incore', 'map', 'sync'];
  assert.deepEqual(Object.keys(mmap).sort(), [...Object.keys(constants), ...functions]);
  for (const [name, value] of Object.entries(constants)) {
    const property = { value, writable: false, enumerable: true, configurable: false };
    assert.deepEqual(Object.getOwnPropertyDescriptor(mmap, name), property);
    assert.equal(named[name], value);
  }
  assert.throws(() => {
    mmap.PROT_READ = 7;
  }, TypeError);
  assert.deepEqual(
    functions.map((name) => mmap[name].length),
    [0, 0, 0, 5],
  );
  assert.equal(Object.getOwnPropertyDescriptor(mmap, 'sync').writable, true);
});

test('map gives a Buffer, whatever becomes of the descriptor and the name', () => {
  const path = filled();
  const fd = openSync(path, 'r+');
  const buffer = mmap.map(2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, page, mmap.MADV_RANDOM);
  closeSync(fd);
  assert.ok(Buffer.isBuffer(buffer));
  assert.equal(buffer.length, 2 * page);
  buffer[0] = 66;
  assert.equal(readFileSync(path)[page], 66);
  // Windows removes no file that is mapped.
  if (!onWindows) unlinkSync(path);
  buffer[1] = 67;
  assert.equal(buffer[1], 67);
});

test('numbers are what C++ made of them, but 64 bits wide', () => {
  const fd = reader();
  assert.equal(mmap.map(1.5, PROT_READ, MAP_SHARED, fd).length, 1);
  assert.equal(mmap.map(page, PROT_READ, MAP_SHARED, fd, '4096')[0], 65);
  assert.equal(mmap.map(page, 8, MAP_SHARED, fd).length, page);
  assert.equal(mmap.map(10, PROT_READ, MAP_SHARED, fd, 0, 0, undefined, 9).length, 10);
  assert.equal(mmap.map(2 * page, 3, 0x22, -1).length, 2 * page);
  const beyond = () => mmap.map(5 * page, PROT_READ, MAP_SHARED, fd);
  // As it always was on Windows: reading ends where the file does, and writing makes it longer.
  if (onWindows) {
    assert.throws(beyond, failed('mmap', 22, 'EINVAL'));
    const longer = writer();
    assert.equal(mmap.map(5 * page, PROT_READ | PROT_WRITE, MAP_SHARED, longer).length, 5 * page);
    assert.equal(fstatSync(longer).size, 5 * page);
  } else {
    assert.equal(beyond().length, 5 * page, 'past the end');
  }
  assert.equal(
    mmap.map(page, PROT_READ, MAP_PRIVATE, fd, undefined, undefined, Buffer.from('name\0')).length,
    page,
  );
  assert.equal(mmap.map(page, PROT_READ, MAP_SHARED, fd, 0, 0, 'name').length, page);
});

test('mmap says no as mmap-io does', () => {
  const fd = reader();
  const no = (number, code, ...args) => {
    const expected = { ...failed('mmap', number, code), errno: -number, syscall: 'mmap' };
    assert.throws(() => mmap.map(...args), expected, `${args}`);
  };
  no(22, 'EINVAL', 0, PROT_READ, MAP_SHARED, fd);
  no(22, 'EINVAL', Number.NaN, PROT_READ, MAP_SHARED, fd);
  no(12, 'ENOMEM', -1, PROT_READ, MAP_SHARED, fd);
  no(12, 'ENOMEM', 2 ** 60, PROT_READ, MAP_SHARED, fd);
  no(22, 'EINVAL', page, PROT_READ, 0, fd);
  no(13, 'EACCES', page, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  no(9, 'EBADF', page, PROT_READ, MAP_SHARED, -1);
  no(9, 'EBADF', page, PROT_READ, MAP_SHARED, 99999);
  no(75, 'EOVERFLOW', page, PROT_READ, MAP_SHARED, fd, -page);
  no(22, 'EINVAL', page, PROT_READ, MAP_SHARED, fd, 100);
  const says = (message, ...args) =>
    assert.throws(() => mmap.map(...args), { name: 'Error', message });
  says('mmap: size (arg[0]) must be an integer', '1', 1, 1, fd);
  says('mmap: protection_flags (arg[1]) must be an integer', 1, '1', 1, fd);
  says('mmap: flags (arg[2]) must be an integer', 1, 1, undefined, fd);
  says('mmap: fd (arg[3]) must be an integer (a file descriptor)', 1, 1, 1);
  says('mmap: name (arg[6]) must be a Buffer or a string', 1, 1, 1, fd, 0, 0, 7);
});

test('a failing advice leaves nothing mapped', () => {
  const path = filled();
  const fd = openSync(path);
  assert.throws(() => mmap.map(page, 1, 1, fd, 0, 77), failed('madvise()', 22, 'EINVAL'));
  assert.equal(countMappings(path), 0);
});

test('advise, in both forms', () => {
  const buffer = mmap.map(3 * page, PROT_READ, MAP_SHARED, reader());
  assert.equal(mmap.advise(buffer, mmap.MADV_RANDOM), undefined);
  assert.equal(mmap.advise(buffer, page, page, mmap.MADV_SEQUENTIAL), undefined);
  mmap.advise(buffer, 0, page, 'x');
  mmap.advise(buffer.subarray(page), mmap.MADV_NORMAL);
  const no = (number, ...args) =>
    assert.throws(() => mmap.advise(...args), { message: `madvise() failed, ${number}` });
  no(22, Buffer.alloc(page), 1);
  no(22, buffer, 100, page, 1);
  no(22, buffer.subarray(1), 1);
  no(12, buffer, page, 1e9, 1);
  no(22, buffer, 99);
  const takes = /^advise\(\) takes 2 or 4 arguments: .*advise :int\)\.$/;
  assert.throws(() => mmap.advise(buffer), { message: takes });
  assert.throws(() => mmap.advise(buffer, 1, 1), { message: takes });
  assert.throws(() => mmap.advise({}, 1), {
    message: 'advice(): buffer (arg[0]) must be a Buffer',
  });
  assert.throws(() => mmap.advise(buffer, 'x'), {
    message: 'advice(): (arg[1]) must be an integer',
  });
});

test('incore counts pages out of RAM and in it', () => {
  const buffer = mmap.map(3 * page, PROT_READ, MAP_SHARED, openSync(makeSparseFile(3 * page)));
  assert.deepEqual(mmap.incore(buffer), [3, 0]);
  assert.equal(buffer[0] + buffer[page] + buffer[2 * page], 0);
  assert.deepEqual(mmap.incore(buffer), [0, 3]);
  assert.deepEqual(mmap.incore(buffer.subarray(page)), [0, 2]);
  assert.throws(() => mmap.incore(), { message: 'incore() takes 1 argument: (buffer :Buffer) .' });
  assert.throws(() => mmap.incore({}), { message: 'advice(): buffer (arg[0]) must be a Buffer' });
  assert.throws(() => mmap.incore(Buffer.alloc(9)), { message: 'mincore() failed, 22' });
});

test('sync, in all its forms', () => {
  const buffer = mmap.map(2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, writer());
  for (const args of [
    [],
    [true],
    [false, true],
    [0, page],
    [page, page, true],
    [0, 0, true, false],
    ['x'],
  ]) {
    assert.equal(mmap.sync(buffer, ...args), undefined);
  }
  mmap.sync(buffer.subarray(page), -page, page);
  const no = (number, ...args) =>
    assert.throws(() => mmap.sync(...args), { message: `msync() failed, ${number}` });
  no(22, buffer.subarray(100));
  no(22, Buffer.alloc(page));
  no(12, buffer, page);
  no(12, buffer, -page, page);
  no(12, buffer, 2 ** 40, page);
  for (const nothing of [undefined, null, {}, 5]) {
    assert.throws(() => mmap.sync(nothing), {
      message: 'sync(): buffer (arg[0]) must be a Buffer',
    });
  }
});

test('3 GiB and 5 GiB are 3 GiB and 5 GiB, or a clear error', () => {
  const fd = openSync(makeSparseFile(5 * 2 ** 30), 'r+');
  const three = mmap.map(3 * 2 ** 30, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  three[3 * 2 ** 30 - 1] = 7;
  assert.equal(mmap.map(page, PROT_READ, MAP_SHARED, fd, 3 * 2 ** 30 - page)[page - 1], 7);
  const five = () => mmap.map(5 * 2 ** 30, PROT_READ, MAP_SHARED, fd);
  if (bufferConstants.MAX_LENGTH < 5 * 2 ** 30) {
    assert.throws(five, { message: "couldn't allocate Node Buffer()" });
  } else {
    assert.equal(five().length, 5 * 2 ** 30);
  }
});

const crashes = 'what killed the process does not: read-only stores, truncation, PROT_NONE';
test(crashes, { skip: cannotCut }, async () => {
  const out = await resultOf(
    `const mmap = require('crossmem/mmap-io');
     const fs = require('fs');
     const fd = fs.openSync(process.argv[1], 'r+');
     const buffer = mmap.map(8192, mmap.PROT_READ, mmap.MAP_SHARED, fd);
     buffer[0] = 66;
     const none = mmap.map(4096, mmap.PROT_NONE, mmap.MAP_SHARED, fd);
     none[0] += 1;
     require('./test/helpers/system.cjs').cut(process.argv[1], 1);
     const gone = buffer[5000];
     mmap.advise(buffer, mmap.MADV_NORMAL);
     mmap.sync(buffer, true);
     mmap.incore(buffer);
     console.log(JSON.stringify([buffer[0], gone, fs.readFileSync(process.argv[1], 'utf8')]));`,
    { args: [filled()] },
  );
  // On Windows the whole view becomes zeroes.
  assert.deepEqual(out, [onWindows ? 0 : 66, 0, 'A']);
  assert.equal(mmap.map(page, PROT_NONE, MAP_SHARED, reader()).length, page);
});

test('two processes and a worker share', async () => {
  const path = filled();
  const fd = openSync(path, 'r+');
  const buffer = mmap.map(page, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  const code = `
    const mmap = require('crossmem/mmap-io');
    const fd = require('fs').openSync(path, 'r+');
    mmap.map(4096, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED, fd)[index] = 90;`;
  await resultOf(`const path = process.argv[1]; const index = 5; ${code} console.log(1)`, {
    args: [path],
  });
  assert.equal(buffer[5], 90);
  const worker = new Worker(`const path = ${JSON.stringify(path)}; const index = 6; ${code}`, {
    eval: true,
  });
  await new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
  assert.equal(buffer[6], 90);
});

test('collection unmaps', async () => {
  const counts = await resultOf(
    `const fs = require('fs');
     const mmap = require('crossmem/mmap-io');
     const fd = fs.openSync(process.argv[1]);
     const { countMappings } = require('./test/helpers/system.cjs');
     const count = () => countMappings(process.argv[1]);
     let buffer = mmap.map(4096, 1, 1, fd).subarray(5);
     const collect = async () => {
       for (let i = 0; i < 5; i++) { gc(); await new Promise((done) => setImmediate(done)); }
     };
     (async () => {
       await collect();
       const held = [count(), buffer[0]];
       buffer = undefined;
       await collect();
       console.log(JSON.stringify([...held, count()]));
     })();`,
    { args: [filled()] },
  );
  assert.deepEqual(counts, [1, 65, 0]);
});

test('a SharedArrayBuffer by option, where the runtime can', () => {
  const share = () => mmap.map(page, PROT_READ, MAP_SHARED, reader(), 0, 0, { shared: true });
  if (!hasSharedBuffers) {
    assert.throws(share, { code: 'ERR_CROSSMEM_UNSUPPORTED' });
    return;
  }
  const shared = share();
  assert.ok(shared instanceof SharedArrayBuffer);
  assert.equal(new Uint8Array(shared)[0], 65);
  assert.deepEqual(mmap.incore(shared), [0, 1]);
  mmap.advise(Buffer.from(shared), mmap.MADV_NORMAL);
});

test('truncated files are still there for the next map', () => {
  const path = filled();
  truncateSync(path, 10);
  assert.equal(mmap.map(10, PROT_READ, MAP_SHARED, openSync(path)).toString(), 'A'.repeat(10));
});

test('a name makes anonymous shared memory that others find', async () => {
  const name = segmentName();
  const memory = mmap.map(5000, 3, 0x21, -1, 0, 0, name);
  memory.write('hello');
  const seen = await resultOf(
    `const mmap = require('crossmem/mmap-io');
     const memory = mmap.map(5000, mmap.PROT_READ, 0x21, -1, 0, 0, Buffer.from(process.argv[1] + '\\0'));
     console.log(JSON.stringify(memory.toString('utf8', 0, 5)));`,
    { args: [name] },
  );
  assert.equal(seen, 'hello');
  assert.equal(mmap.map(10, 1, 0x21, -1, 0, 0, { name }).length, 10);
  assert.throws(() => mmap.map(5001, 1, 0x21, -1, 0, 0, name), /^Error: mmap failed, 12$/);
  assert.throws(() => mmap.map(10, 1, 0x22, -1, 0, 0, name), /^Error: mmap failed, 22$/);
  assert.throws(() => mmap.map(10, 1, 0x21, -1, 0, 0, 'a/b'), { code: 'ERR_INVALID_ARG_VALUE' });
});
