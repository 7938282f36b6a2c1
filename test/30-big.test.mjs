// Files beyond 4 GiB: sizes, offsets and views are 64 bits wide on every Node.js.
import assert from 'node:assert/strict';
import { constants } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import test from 'node:test';
import { MappedFile } from 'crossmem';
import { makeSparseFile, resultOf } from './helpers/fixture.mjs';

const GiB = 2 ** 30;
const path = makeSparseFile(6 * GiB);

test('bytes near the end of 6 GiB reach another process', async () => {
  const file = MappedFile.open(path, { access: 'readwrite' });
  assert.equal(file.size, 6 * GiB);
  file.view(6 * GiB - 100, 5).write('hello');
  const seen = await resultOf(
    `const fd = require('fs').openSync(process.argv[1]);
     const bytes = Buffer.alloc(5);
     require('fs').readSync(fd, bytes, 0, 5, ${6 * GiB - 100});
     console.log(JSON.stringify(bytes.toString()));`,
    { args: [path] },
  );
  assert.equal(seen, 'hello');
  file.close();
});

test('5 GiB asked is 5 GiB mapped', () => {
  const file = MappedFile.open(path, {
    access: 'readwrite',
    offset: GiB + 1,
    length: 5n * 2n ** 30n - 1n,
  });
  assert.equal(file.size, 5 * GiB - 1);
  file.write('last', { offset: 5 * GiB - 5 });
  assert.equal(file.view(5 * GiB - 5, 4).toString(), 'last');
  assert.throws(() => file.view(5 * GiB - 1, 1), { code: 'ERR_OUT_OF_RANGE' });
  if (constants.MAX_LENGTH < file.size) {
    assert.throws(() => file.buffer, { name: 'RangeError', message: /view\(offset, length\)/ });
    assert.throws(() => file.arrayBuffer, { code: 'ERR_OUT_OF_RANGE' });
  } else {
    const { buffer } = file;
    assert.equal(buffer.length, file.size);
    assert.equal(buffer[file.size - 4], 'last'.charCodeAt(0));
    file.close();
    assert.equal(buffer.length, 0);
  }
  file.close();
});

test('a view covers up to 4 GiB at any offset and sees what its neighbours see', () => {
  const file = MappedFile.open(path, { access: 'readwrite' });
  const views = [];
  for (const offset of [2 * GiB - 1, 2 * GiB, 4 * GiB - 1, 4 * GiB, 5 * GiB + 3]) {
    const long = file.view(offset - GiB, 2 * GiB > 6 * GiB - offset + GiB ? undefined : 2 * GiB);
    const short = file.view(offset, 1);
    long[GiB] = (offset % 200) + 1;
    assert.equal(short[0], (offset % 200) + 1, `at ${offset}`);
    views.push(long, short);
  }
  const largest = file.view(GiB, 4 * GiB);
  assert.equal(largest.length, 4 * GiB);
  assert.equal(largest[GiB], file.view(2 * GiB, 1)[0]);
  assert.equal(file.view(0).length, 4 * GiB, 'without a length: at most 4 GiB');
  assert.throws(() => file.view(0, 4 * GiB + 1), { code: 'ERR_OUT_OF_RANGE' });
  file.close();
  for (const view of [...views, largest]) assert.equal(view.length, 0);
});

test('copies and searches reach beyond 4 GiB', async () => {
  const file = MappedFile.open(path, { access: 'readwrite' });
  const offset = 5 * GiB + 12345;
  file.write('needle', { offset });
  const fd = openSync(path);
  const bytes = Buffer.alloc(6);
  readSync(fd, bytes, 0, 6, offset);
  closeSync(fd);
  assert.equal(bytes.toString(), 'needle');
  assert.equal(file.indexOf('needle', 5 * GiB), offset);
  assert.equal(await file.indexOfAsync('needle', { offset: 5 * GiB, length: 20000 }), offset);
  assert.equal(file.residency({ offset: 5 * GiB, length: GiB }).pages, GiB / 4096);
  file.close();
});
