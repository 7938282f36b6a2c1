// Opening: what can be given, what comes out, and what the file looks like afterwards.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { open as openHandle } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { MappedFile, Mapping } from 'crossmem';
import {
  directory,
  makeFile,
  missingFile,
  notOnWindows,
  onWindows,
  openCall,
} from './helpers/fixture.mjs';

const contents = Buffer.from(Array.from({ length: 20000 }, (_, i) => i % 251));

function textOf(source, options) {
  const file = MappedFile.open(source, options);
  try {
    return Buffer.from(file.buffer);
  } finally {
    file.close();
  }
}

/** Descriptors of this process on a path. */
function descriptorsOn(path) {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  }).length;
}

test('by path, URL, Buffer, descriptor and FileHandle', async () => {
  const path = makeFile(contents);
  const fd = openSync(path, 'r');
  const handle = await openHandle(path);
  for (const source of [path, pathToFileURL(path), Buffer.from(path), fd, handle]) {
    assert.deepEqual(textOf(source), contents);
    const file = await MappedFile.openAsync(source);
    assert.deepEqual(Buffer.from(file.buffer), contents);
    assert.equal(file.path, [fd, handle].includes(source) ? undefined : path);
    file.close();
  }
  closeSync(fd);
  await handle.close();
});

test('any offset and length', () => {
  const path = makeFile(contents);
  for (const offset of [0, 1, 4095, 4096, 4097, 19999, 5n]) {
    for (const length of [1, 2, 4096, 4097, undefined]) {
      const end = length === undefined ? undefined : Number(offset) + length;
      if (end > contents.length) continue;
      const expected = contents.subarray(Number(offset), end);
      assert.deepEqual(textOf(path, { offset, length }), expected, `${offset} ${length}`);
    }
  }
});

test('private changes stay here, readwrite changes do not', () => {
  const path = makeFile('hello');
  const copy = MappedFile.open(path, { access: 'private' });
  copy.buffer.write('HELLO');
  assert.equal(readFileSync(path, 'utf8'), 'hello');
  assert.equal(copy.buffer.toString(), 'HELLO');
  assert.equal(copy.access, 'private');
  copy.close();
});

const nothingTells = notOnWindows('nothing tells which handles a process has');
test('the descriptor may be closed at once, and one is held', nothingTells, () => {
  const path = makeFile(contents);
  const fd = openSync(path, 'r+');
  const kept = MappedFile.open(fd, { access: 'readwrite' });
  const unkept = MappedFile.open(fd, { keepDescriptor: false });
  closeSync(fd);
  assert.equal(descriptorsOn(path), 1);
  kept.resize(30000);
  assert.equal(unkept.buffer[100], contents[100]);
  assert.throws(() => unkept.refresh(), { code: 'ERR_CROSSMEM_UNSUPPORTED' });
  kept.close();
  assert.equal(descriptorsOn(path), 0);
  unkept.close();
});

test('create makes a private file with real blocks', () => {
  const path = missingFile();
  const file = MappedFile.open(path, { access: 'readwrite', create: true, size: 1 << 20 });
  const { size, blocks, mode } = statSync(path);
  assert.equal(size, 1 << 20);
  // Windows tells no blocks, and has access lists instead of modes.
  if (!onWindows) assert.ok(blocks * 512 >= size);
  if (!onWindows) assert.equal(mode & 0o777, 0o600);
  assert.equal(file.size, 1 << 20);
  file.close();
  assert.throws(
    () => MappedFile.open(path, { access: 'readwrite', create: 'exclusive', size: 1 }),
    { code: 'EEXIST', syscall: openCall, path },
  );
  const shared = missingFile();
  MappedFile.open(shared, { access: 'readwrite', create: true, size: 1, mode: 0o640 }).close();
  if (!onWindows) assert.equal(statSync(shared).mode & 0o777, 0o640);
});

test('size grows and never shortens', () => {
  const path = makeFile('hello');
  MappedFile.open(path, { access: 'readwrite', size: 2 }).close();
  assert.equal(statSync(path).size, 5);
  MappedFile.open(path, { access: 'readwrite', size: 50n }).close();
  assert.equal(statSync(path).size, 50);
});

test('a file made in vain is gone again', () => {
  const path = missingFile();
  assert.throws(() => MappedFile.open(path, { access: 'readwrite', create: true }), {
    code: 'EINVAL',
  });
  assert.equal(existsSync(path), false);
});

const smallDisk = notOnWindows('a small disk cannot be made by a test');
test('no room is ENOSPC, and nothing has changed', smallDisk, (t) => {
  if (process.getuid() !== 0) return t.skip('mounting a small file system needs root');
  const mount = join(directory, 'small');
  mkdirSync(mount);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount]);
  try {
    const path = join(mount, 'file');
    const options = { access: 'readwrite', create: true, size: 1 << 22 };
    assert.throws(() => MappedFile.open(path, options), { code: 'ENOSPC', path });
    assert.equal(existsSync(path), false);
    const file = MappedFile.open(path, { ...options, size: 5000 });
    file.buffer.fill(7);
    const before = file.buffer;
    assert.throws(() => file.resize(1 << 22), { code: 'ENOSPC' });
    assert.equal(statSync(path).size, 5000);
    assert.equal(before.length, 5000);
    assert.equal(before[4999], 7);
    file.close();
  } finally {
    execFileSync('umount', ['-l', mount]);
  }
});

test('beyond the end only if asked', () => {
  const path = makeFile('hello');
  assert.throws(() => MappedFile.open(path, { length: 6 }), { code: 'ERR_OUT_OF_RANGE', path });
  const beyond = () => MappedFile.open(path, { length: 8192, allowBeyondEnd: true });
  if (onWindows) return assert.throws(beyond, { code: 'ERR_CROSSMEM_UNSUPPORTED', path });
  const file = beyond();
  assert.equal(file.size, 8192);
  assert.equal(file.view(0, 5).toString(), 'hello');
  file.close();
});

test('hints at open are taken', () => {
  const file = MappedFile.open(makeFile(contents), {
    populate: true,
    hugePages: true,
    lock: true,
    advise: 'sequential',
  });
  assert.equal(file.residency().resident, 5);
  file.close();
  const memory = Mapping.anonymous({ size: 8192, populate: true, hugePages: true, reserve: false });
  assert.equal(memory.residency().resident, 2);
  memory.close();
});
