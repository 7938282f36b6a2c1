// The verbs of a mapping, each against what the kernel or the file says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { MappedFile, Mapping } from 'crossmem';
import {
  hasSharedBuffers,
  makeFile,
  makeSparseFile,
  notOnWindows,
  onWindows,
  underWine,
} from './helpers/fixture.mjs';

const page = Mapping.pageSize;
const MiB = 2 ** 20;

test('buffer, arrayBuffer and view are one memory', () => {
  const memory = Mapping.anonymous({ size: 3 * page });
  assert.equal(memory.arrayBuffer, memory.arrayBuffer);
  memory.buffer[page] = 7;
  assert.equal(memory.view(page, 1)[0], 7);
  assert.equal(new Uint8Array(memory.arrayBuffer)[page], 7);
  assert.equal(memory.view(page).length, 2 * page);
  assert.equal(memory.view().length, 3 * page);
  assert.equal(memory.view(3 * page).length, 0);
  memory.close();
});

test('read and write copy, with every option', () => {
  const memory = Mapping.anonymous({ size: 100 });
  assert.equal(memory.write('hello', { offset: 10 }), 5);
  assert.equal(
    memory.write(Buffer.from('..world..'), { offset: 15n, sourceOffset: 2, length: 5 }),
    5,
  );
  assert.equal(memory.view(10, 10).toString(), 'helloworld');
  const target = Buffer.alloc(6, '-');
  assert.equal(memory.read(target, { offset: 10, targetOffset: 1, length: 4 }), 4);
  assert.equal(target.toString(), '-hell-');
  const words = new Uint16Array(2);
  assert.equal(memory.read(words, { offset: 10 }), 4);
  assert.equal(Buffer.from(words.buffer).toString(), 'hell');
  const shared = new SharedArrayBuffer(5);
  assert.equal(memory.read(shared, { offset: 10 }), 5);
  assert.equal(Buffer.from(shared).toString(), 'hello');
  assert.equal(memory.read(new DataView(new ArrayBuffer(3)), { offset: 97 }), 3);
  memory.close();
});

test('readAsync and writeAsync do the same', async () => {
  const memory = Mapping.anonymous({ size: 100 });
  assert.equal(await memory.writeAsync('hello', { offset: 10 }), 5);
  const target = Buffer.alloc(5);
  assert.equal(await memory.readAsync(target, { offset: 10 }), 5);
  assert.equal(target.toString(), 'hello');
  memory.close();
});

test('flush writes to the file, durable or not', async () => {
  const path = makeFile(Buffer.alloc(2 * page));
  const file = MappedFile.open(path, { access: 'readwrite' });
  file.write('hello');
  file.flushSync();
  file.flushSync({ offset: 1, length: page, durable: true });
  await file.flush({ durable: true });
  await file.flush({ offset: page, length: 0 });
  assert.equal(readFileSync(path).subarray(0, 5).toString(), 'hello');
  file.close();
});

test('every hint of this system is taken or refused by name', async () => {
  const file = MappedFile.open(makeFile(Buffer.alloc(4 * page)), { access: 'readwrite' });
  const memory = Mapping.anonymous({ size: 4 * page });
  assert.ok(Mapping.advice.length >= 5);
  for (const name of Mapping.advice) {
    // Some hints are for files, some for memory, some need kernel options: each goes somewhere, or
    // the kernel says EINVAL. None is unknown.
    for (const mapping of [file, memory]) {
      try {
        mapping.advise(name, { offset: 1, length: page });
        await mapping.adviseAsync(name);
      } catch (error) {
        assert.ok(
          ['EINVAL', 'EAGAIN', 'EBUSY', 'ENOMEM'].includes(error.code),
          `${name}: ${error}`,
        );
      }
    }
  }
  for (const name of ['normal', 'random', 'sequential', 'willneed']) file.advise(name);
  assert.throws(() => file.advise('NORMAL'), { code: 'ERR_INVALID_ARG_VALUE' });
  if (!Mapping.advice.includes('cold')) {
    assert.throws(() => file.advise('cold'), { code: 'ERR_CROSSMEM_UNSUPPORTED' });
  }
  file.close();
  memory.close();
});

test('dontneed drops private pages', (t) => {
  const drops = process.platform === 'linux' && Mapping.advice.includes('free');
  if (!drops) return t.skip('posix_madvise and VirtualUnlock need not drop anything');
  const memory = Mapping.anonymous({ size: page });
  memory.buffer[0] = 7;
  memory.advise('dontneed');
  assert.equal(memory.buffer[0], 0);
  memory.close();
});

test('prefetch brings pages into RAM and tells how far it is', async () => {
  const file = MappedFile.open(makeSparseFile(40 * MiB));
  const told = [];
  await file.prefetch({ onProgress: (progress) => told.push(progress) });
  assert.ok(told.length >= 1);
  assert.deepEqual(told.at(-1), { done: 40 * MiB, total: 40 * MiB });
  assert.equal(file.residency().resident, (40 * MiB) / page);
  await file.prefetch({ offset: 5, length: 10 });
  file.close();
});

test('prefetch is aborted before and during', async () => {
  const memory = Mapping.anonymous({ size: 400 * MiB });
  await assert.rejects(memory.prefetch({ signal: AbortSignal.abort() }), { name: 'AbortError' });
  assert.equal(memory.residency().resident, 0);
  const controller = new AbortController();
  const reason = new Error('enough');
  const prefetch = memory.prefetch({
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  // It may have been done before the first progress was told; it was not if pages are missing.
  const ended = await prefetch.then(
    () => undefined,
    (error) => error,
  );
  const { pages, resident } = memory.residency();
  if (ended === undefined) assert.equal(resident, pages);
  else assert.equal(ended, reason);
  memory.close();
});

test('residency counts pages, one bit each', async () => {
  const memory = Mapping.anonymous({ size: 10 * page });
  memory.buffer[2 * page] = 1;
  memory.buffer[9 * page] = 1;
  const expected = {
    pageSize: page,
    pages: 10,
    resident: 2,
    bitmap: Uint8Array.of(0b00000100, 0b00000010),
  };
  assert.deepEqual(memory.residency(), expected);
  assert.deepEqual(await memory.residencyAsync(), expected);
  assert.equal(memory.residency({ offset: 2 * page - 1, length: 2 }).pages, 2);
  memory.close();
});

const nothingTells = notOnWindows('QueryWorkingSetEx tells it on Windows, but not under Wine');
test('lock keeps pages in RAM', nothingTells, async () => {
  const locked = () => Number(/VmLck:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  const before = locked();
  const memory = Mapping.anonymous({ size: 4 * page });
  memory.lock();
  assert.equal(locked() - before, (4 * page) / 1024);
  memory.unlock({ offset: page, length: page });
  assert.equal(locked() - before, (3 * page) / 1024);
  memory.close();
  assert.equal(locked(), before);
  const file = MappedFile.open(makeSparseFile(2 * page));
  await file.lockAsync({ offset: 1, length: 1 });
  assert.equal(locked() - before, page / 1024);
  file.close();
});

test('protect changes what may be done', () => {
  const path = makeFile(Buffer.alloc(2 * page));
  const file = MappedFile.open(path, { access: 'readwrite' });
  file.protect('read', { offset: 0, length: 1 });
  file.view(page, 1)[0] = 1;
  assert.equal(file.fault, null);
  file.view(0, 1)[0] = 1;
  assert.equal(file.fault.kind, 'read-only');
  assert.throws(() => file.protect('readwrite'), { code: 'ERR_CROSSMEM_FAULT' });
  file.protect('readwrite');
  file.view(1, 1)[0] = 9;
  // See test/60-faults.test.mjs: under Wine the store above has reached the file.
  assert.deepEqual(
    [...readFileSync(path).subarray(underWine ? 1 : 0, 2)],
    underWine ? [9] : [0, 9],
  );
  file.close();
  const reader = MappedFile.open(path);
  // Windows makes a view private that was made to copy (docs/windows.md), and refuses any other.
  if (!onWindows) {
    assert.throws(() => reader.protect('readwrite'), { code: 'EACCES', syscall: 'mprotect', path });
  }
  reader.close();
});

test('indexOf finds strings, bytes and numbers, over steps and in ranges', async () => {
  const memory = Mapping.anonymous({ size: 33 * MiB });
  const { buffer } = memory;
  for (const position of [0, 16 * MiB - 3, 16 * MiB, 32 * MiB - 1, 33 * MiB - 5]) {
    buffer.write('hello', position);
    assert.equal(memory.indexOf('hello'), position);
    assert.equal(memory.indexOf(Buffer.from('ello'), position), position + 1);
    assert.equal(memory.indexOf('hello', position + 1), -1);
    assert.equal(memory.indexOf('hello', { offset: position, length: 5 }), position);
    assert.equal(memory.indexOf('hello', { offset: position, length: 4 }), -1);
    assert.equal(await memory.indexOfAsync('hello', BigInt(position)), position);
    buffer.fill(0, position, position + 5);
  }
  buffer[77] = 255;
  assert.equal(memory.indexOf(255), 77);
  assert.equal(memory.indexOf('', 5), 5);
  assert.equal(memory.indexOf('é'), -1);
  const told = [];
  await memory.indexOfAsync('nowhere', { onProgress: ({ done }) => told.push(done) });
  assert.equal(told.at(-1), 33 * MiB);
  await assert.rejects(memory.indexOfAsync('nowhere', { signal: AbortSignal.abort() }), {
    name: 'AbortError',
  });
  memory.close();
});

test('sharedBuffer, where the runtime can', () => {
  const memory = Mapping.anonymous({ size: page });
  if (hasSharedBuffers) {
    const shared = memory.sharedBuffer;
    assert.ok(shared instanceof SharedArrayBuffer);
    memory.buffer[3] = 7;
    assert.equal(new Uint8Array(shared)[3], 7);
    memory.close();
    assert.equal(new Uint8Array(shared)[3], 0);
  } else {
    assert.throws(() => memory.sharedBuffer, { code: 'ERR_CROSSMEM_UNSUPPORTED' });
    memory.close();
  }
});
