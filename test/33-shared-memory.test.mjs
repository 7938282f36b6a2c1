// Shared memory by name and by descriptor: made, opened, followed, handed over.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { FileLock, MappedFile, Mapping, SharedMemory } from 'crossmem';
import {
  keep,
  makeFile,
  notOnWindows,
  onWindows,
  resultOf,
  root,
  segmentName,
} from './helpers/fixture.mjs';

test('a segment is made, opened and seen from both sides', () => {
  const name = segmentName();
  const writer = SharedMemory.create(name, { size: 5000 });
  assert.ok(writer instanceof Mapping);
  assert.deepEqual(
    [writer.name, writer.size, writer.created, writer.persist, writer.access],
    [name, 5000, true, 'last-close', 'readwrite'],
  );
  writer.buffer.write('hello', 4000);
  const reader = SharedMemory.open(name, { access: 'read' });
  assert.deepEqual([reader.created, reader.persist, reader.access], [false, 'last-close', 'read']);
  assert.equal(reader.view(4000, 5).toString(), 'hello');
  assert.equal(reader.indexOf('hello'), 4000);
  assert.throws(() => reader.write('x'), { code: 'ERR_INVALID_ARG_VALUE' });
  const part = SharedMemory.open(name, { size: 10 });
  assert.equal(part.size, 10);
  const counter = new Int32Array(writer.arrayBuffer, 0, 1);
  Atomics.add(counter, 0, 5);
  assert.equal(new Int32Array(part.arrayBuffer, 0, 1)[0], 5);
  const { buffer } = reader;
  for (const memory of [writer, reader, part]) memory.close();
  assert.equal(buffer.length, 0);
  assert.equal(SharedMemory.exists(name), false);
});

test('another process sees it, by both forms of open', async () => {
  const name = segmentName();
  const memory = keep(await SharedMemory.createAsync(name, { size: 2 ** 20 }));
  memory.write('from here', { offset: 2 ** 19 });
  const seen = await resultOf(
    `const { SharedMemory } = crossmem;
     (async () => {
       const [, name] = process.argv;
       const one = SharedMemory.open(name);
       const two = await SharedMemory.openAsync(name, { access: 'read' });
       const three = await SharedMemory.openOrCreateAsync(name, { size: 10 });
       one.write('from there', { offset: 0 });
       console.log(JSON.stringify([two.view(2 ** 19, 9).toString(), two.size, three.created]));
     })();`,
    { args: [name] },
  );
  assert.deepEqual(seen, ['from here', 2 ** 20, false]);
  assert.equal(memory.view(0, 10).toString(), 'from there');
});

test('openOrCreate does whichever is possible', () => {
  const name = segmentName();
  const first = keep(SharedMemory.openOrCreate(name, { size: 100 }));
  const second = keep(SharedMemory.openOrCreate(name, { size: 50 }));
  assert.deepEqual([first.created, second.created, second.size], [true, false, 100]);
  assert.throws(() => SharedMemory.openOrCreate(name, { size: 101 }), {
    name: 'RangeError',
    code: 'ERR_OUT_OF_RANGE',
    path: name,
    message: /100 bytes, 101 were asked/,
  });
  assert.throws(() => SharedMemory.create(name, { size: 100 }), { code: 'EEXIST', path: name });
});

test('others follow a resize by refresh, and survive without', () => {
  const name = segmentName();
  const writer = keep(SharedMemory.create(name, { size: 100 }));
  if (onWindows) {
    // Memory of the page file keeps its size (CreateFileMapping).
    return assert.throws(() => writer.resize(100_000), { code: 'ERR_CROSSMEM_UNSUPPORTED' });
  }
  const reader = keep(SharedMemory.open(name, { access: 'read' }));
  writer.resize(100_000);
  writer.buffer[99_999] = 7;
  reader.refresh();
  assert.equal(reader.size, 100_000);
  const { buffer } = reader;
  assert.equal(buffer[99_999], 7);
  writer.resize(10);
  assert.equal(buffer[99_999], 0);
  assert.equal(reader.fault.kind, 'truncated');
  reader.refresh();
  assert.equal(reader.size, 10);
});

test('stat, exists and list tell of names', () => {
  const name = segmentName();
  assert.throws(() => SharedMemory.stat(name), {
    name: 'CrossmemError',
    code: 'ENOENT',
    path: name,
    syscall: 'stat',
  });
  assert.equal(SharedMemory.exists(name), false);
  const memory = keep(SharedMemory.create(name, { size: 100, mode: 0o640 }));
  const expected = {
    name,
    size: 100,
    mode: onWindows ? 0o600 : 0o640,
    uid: process.getuid?.() ?? 0,
    persist: 'last-close',
    attached: true,
  };
  assert.deepEqual(SharedMemory.stat(name), expected);
  assert.equal(SharedMemory.exists(name), true);
  assert.deepEqual(
    SharedMemory.list().filter((one) => one.name === name),
    [expected],
  );
  assert.equal(memory.closed, false);
});

const noModes = notOnWindows('an access list for the user alone instead of modes');
test('modes are what was asked for, whatever the umask', noModes, () => {
  const before = process.umask(0o077);
  try {
    for (const [mode, expected] of [
      [undefined, 0o600],
      [0o666, 0o666],
      ['0660', 0o660],
      ['0o644', 0o644],
    ]) {
      const name = segmentName();
      keep(SharedMemory.create(name, { size: 1, mode }));
      assert.equal(SharedMemory.stat(name).mode, expected);
    }
  } finally {
    process.umask(before);
  }
});

test('what is unlinked stays with those who have it', () => {
  const name = segmentName();
  const old = keep(SharedMemory.create(name, { size: 10 }));
  old.write('old');
  assert.equal(SharedMemory.unlink(name), true);
  assert.equal(SharedMemory.unlink(name), false);
  const fresh = keep(SharedMemory.create(name, { size: 10 }));
  assert.equal(fresh.buffer[0], 0);
  assert.equal(old.view(0, 3).toString(), 'old');
  old.close();
  assert.equal(SharedMemory.exists(name), true, 'the last of the old must not take the new name');
});

test('any text is a name, if it fits', () => {
  // Each of these takes nine characters of a file's name on Windows, which has 255.
  const long = '€'.repeat(onWindows ? 20 : 60);
  for (const name of ['ä € 😀', 'x'.repeat(200), long, '...', '.hidden', '-', ' ']) {
    const unique = name.length === 200 ? name : `${name}${process.pid}`;
    const memory = keep(SharedMemory.create(unique, { size: 1 }));
    assert.equal(SharedMemory.stat(unique).name, unique);
    assert.ok(SharedMemory.list().some((one) => one.name === unique));
    assert.equal(memory.name, unique);
  }
});

const noDescriptor = notOnWindows('memory without a name has no descriptor');
test('anonymous memory is handed to a child by its descriptor', noDescriptor, async () => {
  const memory = await SharedMemory.anonymousAsync({ size: 5000 });
  assert.deepEqual([memory.name, memory.size, memory.created], [undefined, 5000, true]);
  memory.write('from the parent');
  const child = spawn(
    process.execPath,
    [
      '-e',
      `const { SharedMemory } = require('crossmem');
       const memory = SharedMemory.fromFd(3);
       if (memory.view(0, 15).toString() !== 'from the parent') process.exit(1);
       memory.write('from the child', { offset: 4000 });`,
    ],
    { cwd: root, stdio: ['inherit', 'inherit', 'inherit', memory.fd] },
  );
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.equal(memory.view(4000, 14).toString(), 'from the child');
  memory.close();
});

test('seals hold, and tell the receiver what to rely on', async () => {
  const memory = keep(SharedMemory.anonymous({ size: 5000 }));
  if (process.platform !== 'linux' || memory.seals.length === 0) {
    // Not what can be sealed: a backend without memfd_create.
    assert.throws(() => memory.seal('grow'), { code: /ERR_CROSSMEM_UNSUPPORTED|EPERM/ });
    return;
  }
  memory.seal('shrink', 'grow');
  assert.throws(() => memory.resize(10), { code: 'EPERM' });
  await assert.rejects(memory.resizeAsync(10), { code: 'EPERM' });
  assert.equal(memory.size, 5000);
  assert.throws(() => memory.seal('write'), { code: 'EBUSY' });
  memory.seal('future-write', 'seal');
  assert.throws(() => memory.seal('write'), { code: 'EPERM' });
  assert.throws(() => SharedMemory.fromFd(memory.fd), { code: 'EPERM' });
  memory.write('still written here');
  const received = keep(SharedMemory.fromFd(memory.fd, { access: 'read' }));
  assert.equal(received.view(0, 5).toString(), 'still');
  for (const seal of ['shrink', 'grow', 'future-write', 'seal']) {
    assert.ok(received.seals.includes(seal), seal);
  }
  const fixed = keep(SharedMemory.anonymous({ size: 10, seal: true }));
  assert.ok(['shrink', 'grow', 'seal'].every((seal) => fixed.seals.includes(seal)));
});

test('a mapping has its descriptor until it is closed', () => {
  const file = MappedFile.open(makeFile(), { keepDescriptor: false });
  assert.equal(file.fd, -1);
  const kept = keep(MappedFile.open(makeFile(), { access: 'readwrite' }));
  if (onWindows) assert.equal(kept.fd, -1);
  else assert.ok(keep(FileLock.tryLock(kept.fd, { mode: 'shared' })));
  file.close();
  assert.throws(() => file.fd, { code: 'ERR_CROSSMEM_CLOSED' });
});
