// The main job in a few lines: a file as memory, seen by another process.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import test from 'node:test';
import * as crossmem from 'crossmem';
import { makeFile, resultOf } from './helpers/fixture.mjs';

const { CrossmemError, MappedFile, Mapping } = crossmem;

test('a mapped file is a Buffer, and what is stored there is in the file', () => {
  const path = makeFile('hello world');
  const file = MappedFile.open(path, { access: 'readwrite' });
  assert.equal(file.size, 11);
  assert.equal(file.buffer.toString(), 'hello world');
  file.view(6, 5).write('crowd');
  assert.equal(readFileSync(path, 'utf8'), 'hello crowd');
  file.close();
});

test('two processes see one memory', async () => {
  const path = makeFile(Buffer.alloc(4096));
  const file = MappedFile.open(path, { access: 'readwrite' });
  const words = new Int32Array(file.arrayBuffer);
  Atomics.store(words, 0, 41);
  const seen = await resultOf(
    `const file = crossmem.MappedFile.open(process.argv[1], { access: 'readwrite' });
     const words = new Int32Array(file.arrayBuffer);
     console.log(Atomics.add(words, 0, 1));`,
    { args: [path] },
  );
  assert.equal(seen, 41);
  assert.equal(Atomics.load(words, 0), 42);
  file.close();
});

test('leaving a scope closes: Symbol.dispose', () => {
  const file = MappedFile.open(makeFile());
  const { buffer } = file;
  file[Symbol.dispose]();
  assert.equal(file.closed, true);
  assert.equal(buffer.length, 0);
});

test('require and import give the same classes', () => {
  const required = createRequire(import.meta.url)('crossmem');
  assert.equal(required.MappedFile, MappedFile);
  assert.equal(required.Mapping, Mapping);
  assert.equal(required.CrossmemError, CrossmemError);
  assert.ok(MappedFile.open(makeFile()) instanceof Mapping);
});

test('the exports are exactly the documented ones', () => {
  const names = Object.keys(crossmem).filter(
    (name) => !['default', 'module.exports'].includes(name),
  );
  assert.deepEqual(names.sort(), [
    'Barrier',
    'BroadcastChannel',
    'Condition',
    'CountingSemaphore',
    'CrossmemError',
    'Event',
    'FileLock',
    'Latest',
    'MappedFile',
    'Mapping',
    'MessageBatch',
    'Mutex',
    'Queue',
    'RwLock',
    'Semaphore',
    'SharedMemory',
    'Subscription',
    'Topic',
    'duplex',
    'locks',
    'record',
    'waitAll',
    'waitAllSync',
    'waitAny',
    'waitAnySync',
  ]);
});

test('nobody makes mappings with new', () => {
  const illegal = { name: 'TypeError', code: 'ERR_ILLEGAL_CONSTRUCTOR' };
  assert.throws(() => new Mapping(), illegal);
  assert.throws(() => new MappedFile(Symbol('crossmem.internal'), {}), illegal);
});
