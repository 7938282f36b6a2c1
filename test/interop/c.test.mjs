// A C program with nothing but shm_open(3) and flock(2), on the same name.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { FileLock, SharedMemory } from 'crossmem';
import MmapIpc from 'crossmem/mmap-ipc';
import { directory, keep, root, segmentName, talkTo } from '../helpers/fixture.mjs';

const program = join(directory, 'peer');
const peer = (...args) => talkTo(program, args);

before(() => {
  execFileSync('cc', [
    '-std=c11',
    '-Wall',
    '-o',
    program,
    join(root, 'test/interop/peer.c'),
    '-lrt',
  ]);
});

test('C makes, Node opens, both write', async () => {
  const name = segmentName();
  const child = peer('create', `/${name}`, '3000');
  await child.next();
  const memory = keep(SharedMemory.open(name));
  assert.equal(memory.size, 3000);
  assert.equal(memory.view(0, 6).toString(), 'from C');
  memory.write('from us');
  child.say('print');
  assert.equal(await child.next(), 'from us');
  memory.close();
  assert.equal(SharedMemory.exists(name), true, 'what another program made is its to remove');
  await child.end();
  assert.equal(SharedMemory.unlink(name), true);
});

test('Node makes, C opens; the name goes with the last of ours', async () => {
  const name = segmentName();
  const memory = SharedMemory.create(name, { size: 3000 });
  memory.write('from us');
  const child = peer('open', `/${name}`, '3000');
  await child.next();
  child.say('print');
  assert.equal(await child.next(), 'from us');
  memory.close();
  assert.equal(SharedMemory.exists(name), false);
  child.say('print');
  assert.equal(await child.next(), 'from us', 'it keeps the memory');
  await child.end();
});

test('its flock(2) and that of FileLock and mmap-ipc are one', async () => {
  const name = segmentName();
  const shared = new MmapIpc(name, 3000, false);
  const child = peer('open', `/${name}`, '3000');
  await child.next();
  child.say('lock');
  assert.equal(await child.next(), 1);
  const memory = keep(SharedMemory.open(name));
  assert.equal(FileLock.tryLock(memory.fd, { flock: true }), null);
  const waiting = shared.acquireReadLockAsync();
  child.say('unlock');
  assert.equal(await child.next(), 0);
  assert.equal(await waiting, true);
  child.say('try');
  assert.equal(await child.next(), 0);
  shared.removeLock();
  child.say('try');
  assert.equal(await child.next(), 1);
  await child.end();
  shared.close();
});
