// crossmem/node-mmap against what node-mmap (f3z0) and the npm package mmap (geocar) do.
import assert from 'node:assert/strict';
import { constants as bufferConstants } from 'node:buffer';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import mmap, * as named from 'crossmem/node-mmap';
import {
  cannotCut,
  countMappings,
  makeFile,
  makeSparseFile,
  missingFile,
  onWindows,
  resultOf,
} from '../helpers/fixture.mjs';

const page = mmap.PAGESIZE;
const { MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } = mmap;
const filled = () => makeFile(Buffer.alloc(2 * page, 'A'));

test('a function that is its own property map, with constants', () => {
  const required = createRequire(import.meta.url)('crossmem/node-mmap');
  assert.equal(required, mmap);
  assert.equal(mmap.map, mmap);
  assert.equal(mmap.length, 0);
  assert.equal(named.map, mmap);
  const constants = {
    PROT_NONE: 0,
    PROT_READ: 1,
    PROT_WRITE: 2,
    PROT_EXEC: 4,
    MAP_SHARED: 1,
    MAP_PRIVATE: 2,
    MAP_ANONYMOUS: 32,
    MAP_NORESERVE: 16384,
    ...(process.platform === 'linux' && { MAP_POPULATE: 32768, MAP_NONBLOCK: 65536 }),
    MS_ASYNC: 1,
    MS_INVALIDATE: 2,
    MS_SYNC: 4,
    PAGESIZE: page,
  };
  for (const [name, value] of Object.entries(constants)) {
    const property = { value, writable: true, enumerable: true, configurable: true };
    assert.deepEqual(Object.getOwnPropertyDescriptor(mmap, name), property);
    assert.equal(named[name], value);
  }
});

test('the README’s example, in two processes', async () => {
  const path = filled();
  const fd = openSync(path, 'r+');
  const buffer = mmap.map(1024, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  closeSync(fd);
  buffer.writeUInt32BE(0xdeadbeef, 0);
  const seen = await resultOf(
    `const mmap = require('crossmem/node-mmap');
     const fd = require('fs').openSync(process.argv[1], 'r');
     console.log(mmap.map(1024, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0).readUInt32BE(0));`,
    { args: [path] },
  );
  assert.equal(seen, 0xdeadbeef);
});

test('arguments are coerced, not checked', () => {
  const fd = openSync(filled(), 'r');
  assert.equal(mmap.map('10', 1, 1, fd).length, 10);
  assert.equal(mmap.map(10, '1', '1', `${fd}`, undefined)[0], 65);
  assert.equal(mmap.map(10, 1, 1, fd, String(page)).length, 10);
  assert.equal(mmap.map(page, 3, 0x22, -1).length, page);
  const beyond = () => mmap.map(5 * page, 1, 1, fd);
  const wholly = () => mmap.map(page, PROT_READ, 1, fd, 4 * page);
  // Windows maps no more than a file has.
  if (onWindows) for (const map of [beyond, wholly]) assert.throws(map, { code: 'EINVAL' });
  else assert.deepEqual([beyond().length, wholly().length], [5 * page, page]);
  assert.equal(mmap.map(page, 3, MAP_PRIVATE, fd).fill(1)[0], 1);
});

test('errors have code, positive errno and syscall', () => {
  const fd = openSync(filled(), 'r');
  const no = (errno, code, text, ...args) => {
    const expected = { name: 'Error', message: `${code}, ${text}`, code, errno, syscall: 'mmap' };
    assert.throws(() => mmap.map(...args), expected, `${args.map(String)}`);
  };
  no(22, 'EINVAL', 'Invalid argument', 0, 1, 1, fd);
  no(22, 'EINVAL', 'Invalid argument', {}, 1, 1, fd);
  no(22, 'EINVAL', 'Invalid argument', page, 1, 1, fd, 5);
  no(22, 'EINVAL', 'Invalid argument', page, 1, 0, fd);
  no(9, 'EBADF', 'Bad file descriptor', page, 1, 1, -1);
  no(9, 'EBADF', 'Bad file descriptor', page, 1, 1, 99999);
  no(13, 'EACCES', 'Permission denied', page, 3, 1, fd);
  no(12, 'ENOMEM', 'Cannot allocate memory', -1, 1, 1, fd);
  no(2, 'ENOENT', 'No such file or directory', page, 1, 1, missingFile());
  const few = { message: 'function takes 4 arguments: size, protection, flags, fd and offset.' };
  assert.throws(() => mmap.map(), few);
  assert.throws(() => mmap.map(1, 1, 1), few);
});

test('file names are made, grown, or mapped whole', () => {
  const path = missingFile();
  const buffer = mmap(5000, PROT_READ | PROT_WRITE, MAP_SHARED, path);
  assert.equal(statSync(path).size, 5000);
  buffer.write('hello');
  assert.equal(readFileSync(path).toString('utf8', 0, 5), 'hello');
  assert.equal(mmap(9000, 3, MAP_SHARED, path).length, 9000);
  assert.equal(statSync(path).size, 9000);
  for (const size of [0, undefined])
    assert.equal(mmap(size, PROT_READ, MAP_SHARED, path).length, 9000);
  assert.equal(mmap(0, PROT_READ, MAP_SHARED, path, page).length, 9000 - page);
  const other = missingFile();
  assert.throws(() => mmap(5000, PROT_READ, MAP_SHARED, other), { code: 'ENOENT' });
  assert.equal(existsSync(other), false, 'reading makes nothing');
});

test('unmap and sync', () => {
  const path = filled();
  const buffer = mmap(2 * page, 3, MAP_SHARED, path);
  assert.equal(Object.keys(buffer).includes('unmap'), false);
  buffer[0] = 66;
  for (const args of [
    [],
    [page],
    [0, page],
    [0, page, mmap.MS_ASYNC],
    [0, page, mmap.MS_SYNC | mmap.MS_INVALIDATE],
  ]) {
    assert.equal(buffer.sync(...args), true, `${args}`);
  }
  for (const args of [[1], [0, 9 * page], [-page], [0, page, 5], [0, page, 64]]) {
    assert.equal(buffer.sync(...args), false, `${args}`);
  }
  assert.equal(buffer.unmap(), true);
  assert.equal(buffer.length, 0);
  assert.equal(buffer.unmap(), false);
  assert.equal(buffer.sync(), false);
  assert.equal(countMappings(path), 0);
});

test('beyond 1 GiB, where the original aborted', () => {
  const fd = openSync(makeSparseFile(5 * 2 ** 30), 'r+');
  const buffer = mmap.map(2 ** 31, 3, MAP_SHARED, fd, 3 * 2 ** 30);
  buffer[2 ** 31 - 1] = 7;
  assert.equal(mmap.map(page, 1, MAP_SHARED, fd, 5 * 2 ** 30 - page)[page - 1], 7);
  const five = () => mmap.map(5 * 2 ** 30, 1, MAP_SHARED, fd);
  if (bufferConstants.MAX_LENGTH < 5 * 2 ** 30) assert.throws(five, { code: 'ENOMEM', errno: 12 });
  else assert.equal(five().length, 5 * 2 ** 30);
});

test('in a worker', async () => {
  const path = filled();
  const worker = new Worker(
    `const mmap = require('crossmem/node-mmap');
     mmap(4096, 3, 1, ${JSON.stringify(path)})[3] = 90;`,
    { eval: true },
  );
  await new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
  assert.equal(readFileSync(path)[3], 90);
});

test('what killed the process does not', { skip: cannotCut }, async () => {
  const out = await resultOf(
    `const mmap = require('crossmem/node-mmap');
     const fs = require('fs');
     const buffer = mmap(8192, mmap.PROT_READ, mmap.MAP_SHARED, process.argv[1]);
     buffer[0] = 66;
     require('./test/helpers/system.cjs').cut(process.argv[1], 1);
     console.log(JSON.stringify([buffer[5000], buffer.sync(), fs.readFileSync(process.argv[1], 'utf8')]));`,
    { args: [filled()] },
  );
  assert.deepEqual(out, [0, true, 'A']);
});
