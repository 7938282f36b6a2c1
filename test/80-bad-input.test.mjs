// Bad input: every public function with every kind of wrong argument gives a typed error.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { MappedFile, Mapping } from 'crossmem';
import {
  directory,
  makeFile,
  missingFile,
  notOnWindows,
  onWindows,
  openCall,
  resultOf,
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

const path = makeFile('hello world');

test('what cannot be a file', async () => {
  for (const open of [MappedFile.open, MappedFile.openAsync]) {
    const bind = (file) => open.call(MappedFile, file);
    await refuses(bind, [undefined, null, true, {}, [], Symbol('s'), 1n, { fd: 'x' }], type);
    await refuses(bind, [-1, 0.5, Number.NaN, 2 ** 31, 2 ** 53], range);
    await refuses(bind, ['', 'a\0b', Buffer.from('a\0b')], value);
    // Windows says ERROR_INVALID_NAME, or a path that was not found.
    const code = onWindows ? /ENAMETOOLONG|ENOENT/ : 'ENAMETOOLONG';
    await refuses(bind, ['x'.repeat(300)], { code, syscall: openCall });
    await refuses(bind, ['x/'.repeat(5000)], { code });
  }
});

test('what cannot be mapped says why, with call and path', async () => {
  const special = onWindows ? '\\\\.\\NUL' : join(directory, 'fifo');
  if (!onWindows) execFileSync('mkfifo', [special]);
  const closed = openSync(path);
  closeSync(closed);
  const missing = missingFile();
  const empty = makeFile('');
  const cases = [
    [
      missing,
      {},
      { code: 'ENOENT', syscall: openCall, path: missing, errno: onWindows ? -4058 : -2 },
    ],
    [directory, {}, { code: 'EISDIR', syscall: 'mmap', path: directory }],
    [special, {}, { code: 'ENODEV', syscall: 'mmap', path: special }],
    [special, { access: 'readwrite' }, { code: 'ENODEV', path: special }],
    ...(onWindows ? [] : [['/dev/null', {}, { code: 'ENODEV', path: '/dev/null' }]]),
    [closed, {}, { code: 'EBADF', syscall: onWindows ? 'uv_get_osfhandle' : 'fcntl' }],
    [empty, {}, { code: 'EINVAL', syscall: 'mmap', path: empty, message: /empty/ }],
    [path, { length: 0 }, { code: 'EINVAL', syscall: 'mmap', path }],
    [path, { offset: 11 }, { ...range, path }],
    [path, { offset: 5, length: 7 }, { ...range, path, message: /11 bytes/ }],
    [path, { offset: Number.MAX_SAFE_INTEGER }, { ...range, path }],
    [`${path}/x`, {}, { code: onWindows ? 'ENOENT' : 'ENOTDIR', syscall: openCall }],
  ];
  for (const [file, options, expected] of cases) {
    assert.throws(() => MappedFile.open(file, options), expected, String(file));
    await assert.rejects(MappedFile.openAsync(file, options), expected, String(file));
  }
});

const noUsers = notOnWindows('a test cannot become another user');
test('a file that may not be read is EACCES', noUsers, async (t) => {
  if (process.getuid() !== 0) return t.skip('dropping privileges needs root');
  const folder = join(directory, 'open');
  mkdirSync(folder);
  const secret = makeFile('secret');
  chmodSync(secret, 0o000);
  chmodSync(directory, 0o755);
  const error = await resultOf(
    `const { MappedFile } = crossmem;
     process.setgid(65534); process.setuid(65534);
     try { MappedFile.open(process.argv[1]); } catch ({ code, syscall, path }) {
       console.log(JSON.stringify({ code, syscall, path }));
     }`,
    { args: [secret] },
  );
  assert.deepEqual(error, { code: 'EACCES', syscall: 'open', path: secret });
});

test('options of open', async () => {
  for (const open of [MappedFile.open, MappedFile.openAsync]) {
    const bind = (options) => open.call(MappedFile, path, options);
    await refuses(bind, notObjects, type);
    for (const name of ['offset', 'length', 'size']) {
      await refusesBytes((bytes) => bind({ access: 'readwrite', [name]: bytes }));
    }
    for (const name of [
      'populate',
      'hugePages',
      'lock',
      'faultGuard',
      'allowBeyondEnd',
      'keepDescriptor',
    ]) {
      await refuses((flag) => bind({ [name]: flag }), notFlags, type);
    }
    await refuses((access) => bind({ access }), [1, null, {}, true], type);
    await refuses((access) => bind({ access }), ['', 'write', 'READ', 'toString'], value);
    await refuses((create) => bind({ create }), [1, 'yes', null, {}], value);
    await refuses((mode) => bind({ mode }), [true, {}], type);
    await refuses((mode) => bind({ mode }), ['', '0800', 'rw', '-1', '00000600'], value);
    await refuses((mode) => bind({ mode }), [-1, 0o1000, 1.5, '1777'], range);
    await refuses((advise) => bind({ advise }), [1, null, {}], type);
    await refuses((advise) => bind({ advise }), ['', 'never'], value);
    await refuses((onFault) => bind({ onFault }), notFunctions, type);
    await refuses(
      bind,
      [{ size: 20 }, { create: true }, { create: true, access: 'private' }],
      value,
    );
  }
  const fd = openSync(path, 'r+');
  assert.throws(() => MappedFile.open(fd, { access: 'readwrite', create: true, size: 1 }), value);
  closeSync(fd);
  assert.equal(statSync(path).size, 11);
});

test('options of anonymous', async () => {
  for (const make of [Mapping.anonymous, Mapping.anonymousAsync]) {
    const bind = (options) => make.call(Mapping, options);
    await refuses(bind, [undefined, {}, ...notObjects], type);
    await refusesBytes((size) => bind({ size }));
    await refuses((size) => bind({ size }), [0, 0n], range);
    await refuses((size) => bind({ size }), [Number.MAX_SAFE_INTEGER], {
      code: 'ENOMEM',
      syscall: onWindows ? 'VirtualAlloc' : 'mmap',
    });
    for (const name of ['populate', 'hugePages', 'lock', 'reserve', 'faultGuard']) {
      await refuses((flag) => bind({ size: 1, [name]: flag }), notFlags, type);
    }
    await refuses((onFault) => bind({ size: 1, onFault }), notFunctions, type);
  }
});

/** Every verb that takes a range in its options, called with that range. */
const rangeVerbs = {
  read: (m, options) => m.read(Buffer.alloc(20), options),
  readAsync: (m, options) => m.readAsync(Buffer.alloc(20), options),
  write: (m, options) => m.write(Buffer.alloc(20), options),
  writeAsync: (m, options) => m.writeAsync(Buffer.alloc(20), options),
  flush: (m, options) => m.flush(options),
  flushSync: (m, options) => m.flushSync(options),
  advise: (m, options) => m.advise('normal', options),
  adviseAsync: (m, options) => m.adviseAsync('normal', options),
  prefetch: (m, options) => m.prefetch(options),
  residency: (m, options) => m.residency(options),
  residencyAsync: (m, options) => m.residencyAsync(options),
  lock: (m, options) => m.lock(options),
  lockAsync: (m, options) => m.lockAsync(options),
  unlock: (m, options) => m.unlock(options),
  protect: (m, options) => m.protect('readwrite', options),
  indexOf: (m, options) => m.indexOf('x', options),
  indexOfAsync: (m, options) => m.indexOfAsync('x', options),
};

for (const [name, verb] of Object.entries(rangeVerbs)) {
  test(`${name}: ranges`, async () => {
    const memory = Mapping.anonymous({ size: 10000 });
    if (!name.startsWith('indexOf')) {
      await refuses((options) => verb(memory, options), [null, 1, 'x', []], type);
    }
    await refusesBytes((offset) => verb(memory, { offset }));
    await refusesBytes((length) => verb(memory, { length }));
    await refuses(
      (options) => verb(memory, options),
      [
        { offset: 10001 },
        { offset: 9995, length: 6 },
        { offset: 2 ** 53 - 1, length: 2 ** 53 - 1 },
      ],
      range,
    );
    memory.close();
    await refuses((options) => verb(memory, options), [undefined, { length: 1 }], {
      code: 'ERR_CROSSMEM_CLOSED',
    });
  });
}

test('view, resize and what else takes no range', async () => {
  const memory = Mapping.anonymous({ size: 10000 });
  await refusesBytes((offset) => memory.view(offset));
  await refusesBytes((length) => memory.view(0, length));
  await refuses(() => memory.view(9999, 2), [0], range);
  await refuses(() => memory.view(10001), [0], range);
  for (const verb of ['resize', 'resizeAsync']) {
    await refusesBytes((size) => memory[verb](size));
    await refuses((size) => memory[verb](size), [0], range);
  }
  for (const verb of ['read', 'write', 'readAsync', 'writeAsync']) {
    await refuses((bytes) => memory[verb](bytes), [undefined, null, 1, {}, [1], Symbol('s')], type);
    const key = verb.startsWith('read') ? 'targetOffset' : 'sourceOffset';
    await refusesBytes((start) => memory[verb](Buffer.alloc(9), { [key]: start }));
    await refuses((start) => memory[verb](Buffer.alloc(9), { [key]: start }), [10], range);
    await refuses((length) => memory[verb](Buffer.alloc(9), { length }), [10], range);
  }
  await refuses((text) => memory.read(text), ['a string'], type);
  for (const verb of ['advise', 'adviseAsync', 'protect']) {
    await refuses((name) => memory[verb](name), [undefined, null, 1, {}], type);
    await refuses((name) => memory[verb](name), ['', 'never', 'constructor'], value);
  }
  for (const verb of ['flush', 'flushSync']) {
    await refuses((durable) => memory[verb]({ durable }), notFlags, type);
  }
  for (const verb of ['indexOf', 'indexOfAsync']) {
    await refuses((pattern) => memory[verb](pattern), [undefined, null, {}, [1], true, 1n], type);
    await refuses((pattern) => memory[verb](pattern), [-1, 256, 1.5, Number.NaN], range);
    await refusesBytes((from) => memory[verb]('x', typeof from === 'object' ? '1' : from));
  }
  for (const verb of [() => 'prefetch', () => 'readAsync']) {
    const name = verb();
    const call = (options) =>
      name === 'prefetch' ? memory.prefetch(options) : memory.readAsync(Buffer.alloc(1), options);
    await refuses((signal) => call({ signal }), [null, 1, 'x', {}], type);
    await refuses((onProgress) => call({ onProgress }), notFunctions, type);
  }
  memory.close();
});

test('a closed mapping refuses all that is left, and closes again', async () => {
  const file = MappedFile.open(path, { access: 'readwrite' });
  file.close();
  file.close();
  file[Symbol.dispose]();
  const closed = { name: 'CrossmemError', code: 'ERR_CROSSMEM_CLOSED' };
  assert.throws(() => file.buffer, closed);
  assert.throws(() => file.arrayBuffer, closed);
  assert.throws(() => file.sharedBuffer, closed);
  assert.throws(() => file.view(), closed);
  assert.throws(() => file.view(5, 5), closed);
  assert.throws(() => file.resize(5), closed);
  await assert.rejects(file.resizeAsync(5), closed);
  assert.throws(() => file.refresh(), closed);
  assert.deepEqual([file.size, file.fault, file.closed, file.path], [0, null, true, path]);
});

test('a read-only mapping refuses to be written', () => {
  const file = MappedFile.open(path);
  assert.throws(() => file.write('x'), { ...value, path, message: /readwrite/ });
  file.close();
});

const noLimits = notOnWindows('no such limit');
test('RLIMIT_MEMLOCK is told as the system tells it', noLimits, async (t) => {
  if (process.getuid() !== 0) return t.skip('dropping privileges needs root');
  const error = await resultOf(
    `const { Mapping } = crossmem;
     process.setgid(65534); process.setuid(65534);
     try { Mapping.anonymous({ size: 2 ** 33, reserve: false }).lock(); } catch ({ code, syscall }) {
       console.log(JSON.stringify({ code, syscall }));
     }`,
  );
  assert.deepEqual(error, { code: 'ENOMEM', syscall: 'mlock' });
});
