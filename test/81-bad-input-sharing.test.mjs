// Bad input, for shared memory and file locks: typed errors, nothing made, nothing removed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs';
import test from 'node:test';
import { FileLock, Mapping, SharedMemory } from 'crossmem';
import {
  directory,
  keep,
  makeFile,
  missingFile,
  notOnWindows,
  onWindows,
  resultOf,
  segmentName,
} from './helpers/fixture.mjs';
import {
  notFlags,
  notFunctions,
  notObjects,
  range,
  refuses,
  refusesBytes,
  type,
  value,
} from './helpers/refuses.mjs';

const notNames = [undefined, null, 1, true, {}, [], Symbol('s'), Buffer.from('x')];
const badNames = [
  '',
  '.',
  '..',
  '/a',
  'a/b',
  '../../etc/passwd',
  'a\0b',
  'x'.repeat(201),
  '€'.repeat(67),
  '\ud800',
  'a\udfffb',
];

const openers = [
  (name) => SharedMemory.create(name, { size: 1 }),
  (name) => SharedMemory.createAsync(name, { size: 1 }),
  (name) => SharedMemory.openOrCreate(name, { size: 1 }),
  (name) => SharedMemory.openOrCreateAsync(name, { size: 1 }),
  (name) => SharedMemory.open(name),
  (name) => SharedMemory.openAsync(name),
];

test('what cannot be a name', async () => {
  for (const call of [
    ...openers,
    (name) => SharedMemory.unlink(name),
    (name) => SharedMemory.exists(name),
    (name) => SharedMemory.stat(name),
  ]) {
    await refuses(call, notNames, type);
    await refuses(call, badNames, value);
  }
  assert.deepEqual(
    SharedMemory.list().filter(({ name }) => badNames.includes(name)),
    [],
  );
});

test('what cannot be a size, or an option', async () => {
  const name = segmentName();
  for (const make of [
    (options) => SharedMemory.create(name, options),
    (options) => SharedMemory.createAsync(name, options),
    (options) => SharedMemory.openOrCreate(name, options),
    (options) => SharedMemory.openOrCreateAsync(name, options),
    (options) => SharedMemory.anonymous(options),
    (options) => SharedMemory.anonymousAsync(options),
  ]) {
    await refuses(make, [undefined, ...notObjects], type);
    await refuses(make, [{}, { size: undefined }], type);
    await refusesBytes((size) => make({ size }));
    await refuses((size) => make({ size }), [0, 0n], range);
    for (const flag of ['populate', 'hugePages', 'lock', 'faultGuard']) {
      await refuses((wrong) => make({ size: 1, [flag]: wrong }), notFlags, type);
    }
    await refuses((onFault) => make({ size: 1, onFault }), notFunctions, type);
    await refuses((advise) => make({ size: 1, advise }), [1, null, {}], type);
    await refuses((advise) => make({ size: 1, advise }), ['', 'never'], value);
  }
  for (const make of [SharedMemory.create, SharedMemory.openOrCreate]) {
    const bind = (options) => make.call(SharedMemory, name, { size: 1, ...options });
    await refuses((mode) => bind({ mode }), [true, {}, null], type);
    await refuses((mode) => bind({ mode }), ['', 'rw', '0800', 'rw-------', '0x1ff'], value);
    await refuses((mode) => bind({ mode }), [-1, 0o1000, 0.5, Number.NaN, '7777'], range);
    await refuses((persist) => bind({ persist }), [1, true, null], type);
    await refuses((persist) => bind({ persist }), ['', 'for-ever'], value);
    await refuses((allowForeign) => bind({ allowForeign }), notFlags, type);
    const code = onWindows ? 'ENOMEM' : 'ENOSPC';
    await refuses(() => bind({ size: 2 ** 53 - 1 }), [0], { code, path: name });
  }
  assert.equal(SharedMemory.exists(name), false);
  keep(SharedMemory.create(name, { size: 10 }));
  for (const open of [SharedMemory.open, SharedMemory.openAsync]) {
    const bind = (options) => open.call(SharedMemory, name, options);
    await refuses(bind, notObjects, type);
    await refusesBytes((size) => bind({ size }));
    await refuses((size) => bind({ size }), [0, 11, 2 ** 53 - 1], range);
    await refuses((access) => bind({ access }), [1, null, {}], type);
    await refuses((access) => bind({ access }), ['', 'write'], value);
    await refuses((allowForeign) => bind({ allowForeign }), notFlags, type);
  }
});

const noFiles = { skip: process.platform !== 'linux' && 'names are no files here' };
test('what is not shared memory is not opened, replaced or removed', noFiles, () => {
  const name = segmentName();
  const path = `/dev/shm/${name}`;
  const secret = makeFile('secret');
  for (const [make, remove, codes] of [
    [() => symlinkSync(secret, path), unlinkSync, /^ELOOP$/],
    [() => symlinkSync(missingFile(), path), unlinkSync, /^ELOOP$/],
    [() => mkdirSync(path), rmdirSync, /^(EISDIR|EINVAL)$/],
    [() => execFileSync('mkfifo', [path]), unlinkSync, /^ENODEV$/],
  ]) {
    make();
    const before = lstatSync(path).ino;
    const failing = { name: 'CrossmemError', path: name };
    for (const access of ['read', 'readwrite']) {
      assert.throws(() => SharedMemory.open(name, { access }), { ...failing, code: codes });
    }
    assert.throws(() => SharedMemory.openOrCreate(name, { size: 1 }), { ...failing, code: codes });
    assert.throws(() => SharedMemory.create(name, { size: 1 }), { ...failing, code: 'EEXIST' });
    assert.ok(!SharedMemory.clean().includes(name));
    assert.equal(lstatSync(path).ino, before);
    remove(path);
  }
});

const noUsers = notOnWindows('a test cannot become another user');
test("another user's segment is foreign, unless it is asked for", noUsers, async (t) => {
  if (process.getuid() !== 0) return t.skip('becoming another user needs root');
  const name = segmentName();
  await resultOf(
    `process.setgid(65534); process.setuid(65534);
     const options = { size: 10, mode: 0o666, persist: 'manual' };
     crossmem.SharedMemory.create(process.argv[1], options).write('theirs');
     console.log(1);`,
    { args: [name] },
  );
  const foreign = { code: 'ERR_CROSSMEM_FOREIGN', path: name, message: /user 65534/ };
  assert.throws(() => SharedMemory.open(name), foreign);
  assert.throws(() => SharedMemory.openOrCreate(name, { size: 10 }), foreign);
  assert.throws(() => SharedMemory.create(name, { size: 10 }), { code: 'EEXIST' });
  assert.equal(SharedMemory.stat(name).uid, 65534);
  const memory = keep(SharedMemory.open(name, { allowForeign: true }));
  assert.equal(memory.view(0, 6).toString(), 'theirs');
  assert.equal(SharedMemory.unlink(name), true);
});

test('what may not be opened is EACCES', noUsers, async (t) => {
  if (process.getuid() !== 0) return t.skip('becoming another user needs root');
  const name = segmentName();
  keep(SharedMemory.create(name, { size: 10 }));
  const codes = await resultOf(
    `const { SharedMemory } = crossmem;
     process.setgid(65534); process.setuid(65534);
     const tell = (work) => { try { return work(); } catch ({ code }) { return code; } };
     const name = process.argv[1];
     console.log(JSON.stringify([
       tell(() => SharedMemory.open(name)),
       tell(() => SharedMemory.open(name, { allowForeign: true })),
       tell(() => SharedMemory.create(name, { size: 1 })),
       SharedMemory.clean().includes(name),
       /^E(ACCES|PERM)$/.test(tell(() => SharedMemory.unlink(name))),
     ]));`,
    { args: [name] },
  );
  assert.deepEqual(codes, ['EACCES', 'EACCES', 'EEXIST', false, true]);
  assert.equal(SharedMemory.exists(name), true);
});

test('what cannot be a descriptor or a seal', async () => {
  const fromFd = (fd) => SharedMemory.fromFd(fd);
  await refuses(fromFd, [undefined, null, 'x', {}, 1n], type);
  await refuses(fromFd, [-1, 0.5, Number.NaN, 2 ** 31], range);
  await refuses(fromFd, [99_999], { code: 'EBADF' });
  const memory = keep(SharedMemory.anonymous({ size: 10 }));
  if (!onWindows) {
    await refuses((options) => SharedMemory.fromFd(memory.fd, options), notObjects, type);
    await refuses((size) => SharedMemory.fromFd(memory.fd, { size }), [0, 11], range);
  }
  await refuses((seal) => SharedMemory.anonymous({ size: 1, seal }), [1, 'shrink', {}], type);
  await refuses((seal) => SharedMemory.anonymous({ size: 1, seal: [seal] }), [1, null], type);
  await refuses((seal) => SharedMemory.anonymous({ size: 1, seal: [seal] }), ['', 'x'], value);
  await refuses((seal) => memory.seal(seal), [1, null, undefined], type);
  await refuses((seal) => memory.seal(seal), ['', 'x'], value);
  memory.close();
  const closed = { code: 'ERR_CROSSMEM_CLOSED' };
  assert.throws(() => memory.fd, closed);
  assert.throws(() => memory.seals, closed);
  assert.throws(() => memory.seal('grow'), closed);
});

test('what cannot be locked', async () => {
  const path = makeFile();
  for (const call of [FileLock.tryLock, FileLock.lockSync, FileLock.lock]) {
    const bind = (file, options) => call.call(FileLock, file, options);
    await refuses(bind, [undefined, null, true, {}, Symbol('s'), 1n], type);
    await refuses(bind, [-1, 0.5, Number.NaN, 2 ** 31], range);
    await refuses(bind, ['', 'a\0b'], value);
    await refuses(bind, [99_999], { code: 'EBADF' });
    const code = onWindows ? 'ENOENT' : 'ENOTDIR';
    await refuses(bind, [`${path}/x`], { code, path: `${path}/x` });
    if (FileLock.ranges) await refuses(bind, [directory], { code: 'EISDIR', path: directory });
    const options = (wrong) => bind(path, wrong);
    await refuses(options, notObjects, type);
    await refuses((mode) => options({ mode }), [1, true, {}], type);
    await refuses((mode) => options({ mode }), ['', 'write'], value);
    await refuses((flock) => options({ flock }), notFlags, type);
    await refusesBytes((start) => options({ start }));
    await refusesBytes((length) => options({ length }));
    await refuses((length) => options({ flock: true, length }), [1], value);
    if (FileLock.ranges) await refuses((length) => options({ length }), [0], range);
    if (call === FileLock.tryLock) continue;
    await refuses((timeout) => options({ timeout }), ['1', null, {}, 1n], type);
    await refuses((timeout) => options({ timeout }), [-1, Number.NaN], range);
    if (call === FileLock.lock) {
      await refuses((signal) => options({ signal }), [null, 1, 'x', {}], type);
    }
  }
  const lock = keep(FileLock.tryLock(path, { mode: 'shared' }));
  await refuses((timeout) => lock.upgrade({ timeout }), ['1', null, -1], /must be/);
  await refuses((timeout) => lock.upgradeSync({ timeout }), ['1', null, -1], /must be/);
  await refuses((options) => lock.upgrade(options), notObjects, type);
  assert.equal(FileLock.tryLock(path), null, 'still held');
});

test('nobody makes them with new', () => {
  const illegal = { name: 'TypeError', code: 'ERR_ILLEGAL_CONSTRUCTOR' };
  assert.throws(() => new SharedMemory(), illegal);
  assert.throws(() => new SharedMemory(Symbol('crossmem.internal'), {}), illegal);
  assert.throws(() => new FileLock(), illegal);
  assert.throws(() => new FileLock(Symbol('crossmem.internal'), 1, {}), illegal);
  assert.ok(SharedMemory.prototype instanceof Mapping);
});
