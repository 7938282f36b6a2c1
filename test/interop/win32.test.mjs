// A C program with nothing but windows.h, on the same kernel objects as crossmem/node-filemap.
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { makeFile, missingFile, segmentName, startCode } from '../helpers/fixture.mjs';
import { filemap, makeMutex, startPeer, test, textOf } from '../helpers/win32.mjs';

const { FileMapping, WAIT_ABANDONED, WAIT_OBJECT_0, WAIT_TIMEOUT } = filemap;
const ALREADY_EXISTS = 183;
const NOT_OWNER = 288;

for (const prefix of ['', 'Local\\', 'Global\\']) {
  test(`C makes a mapping, Node opens it and both write: ${prefix}name`, async () => {
    const name = `${prefix}${segmentName()}`;
    const peer = startPeer();
    assert.equal(await peer.ask('create-section', '-', name, 3000), 0);
    assert.equal(await peer.ask('write', 'from-C'), 0);
    const map = new FileMapping();
    map.openMapping(name, 3000);
    assert.equal(textOf(map, 6), 'from-C');
    map.writeBuffer(Buffer.from('from Node'), 0, 0, 9);
    assert.equal(await peer.ask('read'), 'from Node');
    await peer.end();
    assert.equal(textOf(map, 9), 'from Node', 'it lives as long as somebody has it open');
    map.closeMapping();
    assert.throws(() => map.openMapping(name, 3000), /Failed to open file mapping, error code: 2$/);
  });

  test(`Node makes a mapping, C opens it: ${prefix}name`, async () => {
    const name = `${prefix}${segmentName()}`;
    const map = new FileMapping();
    map.createMapping(null, name, 3000);
    map.writeBuffer(Buffer.from('from Node'), 0, 0, 9);
    const peer = startPeer();
    assert.equal(await peer.ask('create-section', '-', name, 3000), ALREADY_EXISTS);
    assert.equal(await peer.ask('read'), 'from Node');
    assert.equal(await peer.ask('close-section'), 0);
    map.closeMapping();
    assert.equal(await peer.ask('open-section', name), 2, 'the name is gone');
    await peer.end();
  });

  test(`one of them holds a mutex: ${prefix}name`, async () => {
    const name = `${prefix}${segmentName()}`;
    const mutex = makeMutex(name);
    const peer = startPeer();
    assert.equal(await peer.ask('open-mutex', 0, name), 0);
    assert.equal(mutex.wait(0), WAIT_OBJECT_0);
    assert.equal(await peer.ask('wait', 0, 20), WAIT_TIMEOUT);
    mutex.release();
    assert.equal(await peer.ask('wait', 0, 20), WAIT_OBJECT_0);
    assert.equal(mutex.wait(20), WAIT_TIMEOUT);
    mutex.release();
    assert.equal(mutex.wait(20), WAIT_TIMEOUT, 'releasing what is not owned does nothing');
    assert.equal(await peer.ask('release', 0), 0);
    assert.equal(mutex.wait(), WAIT_OBJECT_0);
    assert.equal(await peer.ask('release', 0), NOT_OWNER);
    mutex.release();
    mutex.close();
    await peer.end();
  });
}

test('C makes a mutex, Node opens it and waits until C lets go', async () => {
  const name = segmentName();
  const peer = startPeer();
  assert.equal(await peer.ask('create-mutex', 0, name), 0);
  assert.equal(await peer.ask('wait', 0, 0), WAIT_OBJECT_0);
  const other = startCode(
    `const { Mutex } = require('crossmem/node-filemap');
     const mutex = new Mutex(); mutex.open(process.argv[1]);
     say('waits'); say(mutex.wait()); mutex.release();`,
    { args: [name] },
  );
  assert.equal(await other.next(), 'waits');
  assert.equal(await peer.ask('release', 0), 0);
  assert.equal(await other.next(), WAIT_OBJECT_0);
  await other.end();
  await peer.end();
});

test('who holds it twice releases it twice', async () => {
  const name = segmentName();
  const mutex = makeMutex(name);
  const peer = startPeer();
  await peer.ask('open-mutex', 0, name);
  assert.equal(await peer.ask('wait', 0, 0), WAIT_OBJECT_0);
  assert.equal(await peer.ask('wait', 0, 0), WAIT_OBJECT_0);
  assert.equal(await peer.ask('release', 0), 0);
  assert.equal(mutex.wait(20), WAIT_TIMEOUT);
  assert.equal(await peer.ask('release', 0), 0);

  const same = makeMutex(name, 'open');
  assert.deepEqual([mutex.wait(20), same.wait(0)], [WAIT_OBJECT_0, WAIT_OBJECT_0]);
  mutex.release();
  assert.equal(await peer.ask('wait', 0, 20), WAIT_TIMEOUT);
  same.release();
  assert.equal(await peer.ask('wait', 0, 20), WAIT_OBJECT_0);
  await peer.end();
  same.close();
  mutex.close();
});

test('a mutex that is opened again is still held', async () => {
  const name = segmentName();
  for (const verb of ['create', 'open']) {
    const mutex = makeMutex(name);
    assert.equal(mutex.wait(0), WAIT_OBJECT_0);
    mutex[verb](name);
    const peer = startPeer();
    assert.equal(await peer.ask('open-mutex', 0, name), 0);
    assert.equal(await peer.ask('wait', 0, 20), WAIT_TIMEOUT);
    mutex.release();
    assert.equal(await peer.ask('wait', 0, 20), WAIT_OBJECT_0);
    await peer.end();
    mutex.close();
  }
});

test('whoever dies with it abandons it, and that is told once', async () => {
  const name = segmentName();
  const mutex = makeMutex(name);
  const peer = startPeer();
  await peer.ask('open-mutex', 0, name);
  assert.equal(await peer.ask('wait', 0, 0), WAIT_OBJECT_0);
  assert.equal(mutex.wait(20), WAIT_TIMEOUT);
  await peer.kill();
  assert.equal(mutex.wait(5000), WAIT_ABANDONED);
  mutex.release();
  assert.equal(mutex.wait(0), WAIT_OBJECT_0);
  mutex.release();

  const node = startCode(
    `const { Mutex } = require('crossmem/node-filemap');
     globalThis.mutex = new Mutex(); mutex.open(process.argv[1]);
     say(mutex.wait()); await hear();`,
    { args: [name] },
  );
  assert.equal(await node.next(), WAIT_OBJECT_0);
  const heir = startPeer();
  await heir.ask('open-mutex', 0, name);
  assert.equal(await heir.ask('wait', 0, 20), WAIT_TIMEOUT);
  await node.kill();
  assert.equal(await heir.ask('wait', 0, 5000), WAIT_ABANDONED);
  assert.equal(await heir.ask('release', 0), 0);
  assert.equal(await heir.ask('wait', 0, 0), WAIT_OBJECT_0);
  await heir.end();
  mutex.close();
});

test('a worker that ends with it abandons it', async () => {
  const name = segmentName();
  const mutex = makeMutex(name);
  const worker = new Worker(
    `const { Mutex } = require('crossmem/node-filemap');
     const mutex = new Mutex(); mutex.open(${JSON.stringify(name)});
     mutex.wait();
     require('node:worker_threads').parentPort.postMessage('held');
     setInterval(() => {}, 1000);`,
    { eval: true },
  );
  await new Promise((resolve) => worker.once('message', resolve));
  assert.equal(mutex.wait(20), WAIT_TIMEOUT);
  await worker.terminate();
  assert.equal(mutex.wait(5000), WAIT_ABANDONED);
  mutex.release();

  assert.equal(mutex.wait(0), WAIT_OBJECT_0);
  const waiting = new Worker(
    `const { Mutex } = require('crossmem/node-filemap');
     const mutex = new Mutex(); mutex.open(${JSON.stringify(name)});
     require('node:worker_threads').parentPort.postMessage('waits');
     mutex.wait();`,
    { eval: true },
  );
  await new Promise((resolve) => waiting.once('message', resolve));
  await sleep(300); // until it does
  await waiting.terminate();
  mutex.release();
  mutex.close();
});

test('the main thread keeps its place in the queue', async () => {
  const name = segmentName();
  const mutex = makeMutex(name);
  const peers = [startPeer(), startPeer()];
  for (const peer of peers) {
    assert.equal(await peer.ask('open-mutex', 0, name), 0);
    assert.equal(await peer.ask('alternate', 0, 150), 0);
  }
  for (let round = 0; round < 3; round++) {
    assert.equal(mutex.wait(3000), WAIT_OBJECT_0, `round ${round}`);
    mutex.release();
  }
  for (const peer of peers) await peer.kill();
  mutex.close();
});

test('waits for one and for all of many that C holds', async () => {
  const names = [0, 1, 2].map(() => segmentName());
  const mutexes = names.map((name) => makeMutex(name));
  const [first] = mutexes;
  const peer = startPeer();
  for (const [i, name] of names.entries()) {
    assert.equal(await peer.ask('open-mutex', i, name), 0);
    assert.equal(await peer.ask('wait', i, 0), WAIT_OBJECT_0);
  }
  assert.equal(first.waitMultiple(mutexes, false, 20), WAIT_TIMEOUT);
  await peer.ask('release', 1);
  assert.equal(first.waitMultiple(mutexes, false, 1000), WAIT_OBJECT_0 + 1);
  assert.equal(first.waitMultiple(mutexes, true, 20), WAIT_TIMEOUT);
  assert.equal(
    await peer.ask('wait', 1, 20),
    WAIT_TIMEOUT,
    'held once, and not by the one for all',
  );
  mutexes[1].release();
  assert.equal(await peer.ask('wait', 1, 20), WAIT_OBJECT_0);
  await peer.ask('release', 1);
  await peer.ask('release', 0);
  await peer.ask('release', 2);
  assert.equal(first.waitMultiple(mutexes, true, 1000), WAIT_OBJECT_0);
  assert.equal(await peer.ask('wait', 2, 20), WAIT_TIMEOUT);
  for (const mutex of mutexes) mutex.release();

  assert.equal(await peer.ask('wait', 2, 20), WAIT_OBJECT_0);
  await peer.kill();
  const others = [mutexes[2], mutexes[0]];
  const all = first.waitMultiple(others, true, 5000);
  assert.ok(all === WAIT_ABANDONED || all === WAIT_ABANDONED + 1, `${all}`);
  for (const mutex of others) mutex.release();
  assert.equal(first.waitMultiple(others, true, 0), WAIT_OBJECT_0, 'told once');
  for (const mutex of others) mutex.release();
  for (const mutex of mutexes) mutex.close();
});

test('tells which of many was abandoned', async () => {
  const mutexes = [0, 1].map(() => makeMutex(segmentName()));
  const names = [segmentName(), segmentName()];
  const held = names.map((name) => makeMutex(name));
  const peer = startPeer();
  for (const [i, name] of names.entries()) {
    await peer.ask('open-mutex', i, name);
    await peer.ask('wait', i, 0);
  }
  await peer.kill();
  assert.equal(held[0].waitMultiple([...held].reverse(), false, 5000), WAIT_ABANDONED);
  assert.equal(held[0].waitMultiple([held[1], held[0]], false, 0), WAIT_OBJECT_0, 'owned already');
  const [free] = mutexes;
  assert.equal(
    free.waitMultiple([free, held[0]], false, 0),
    WAIT_OBJECT_0,
    'the first that is free',
  );
  for (const mutex of [...mutexes, ...held]) mutex.close();
});

test('a file that C maps, and one that Node maps', async () => {
  const name = segmentName();
  const path = makeFile('x'.repeat(10));
  const map = new FileMapping();
  map.createMapping(path, name, 20);
  const peer = startPeer();
  assert.equal(await peer.ask('open-section', name), 0);
  assert.equal(await peer.ask('read'), 'x'.repeat(10));
  assert.equal(await peer.ask('write', 'from-C'), 0);
  assert.equal(textOf(map, 10), 'from-C\0xxx');
  await peer.ask('close-section');
  // Another section over the same file, and one of a file that is open: the original refused both.
  const descriptor = openSync(path, 'r+');
  const again = new FileMapping();
  again.createMapping(path, segmentName(), 20);
  assert.equal(textOf(again, 6), 'from-C');
  closeSync(descriptor);
  assert.equal(await peer.ask('create-section', path, segmentName(), 20), 0);
  assert.equal(await peer.ask('read'), 'from-C');
  await peer.ask('close-section');
  map.closeMapping();
  assert.equal(readFileSync(path, 'latin1'), `from-C\0xxx${'\0'.repeat(10)}`);

  const made = missingFile();
  assert.equal(await peer.ask('create-section', made, name, 64), 0);
  map.openMapping(name, 64);
  map.writeBuffer(Buffer.from('from Node'), 0, 0, 9);
  assert.equal(await peer.ask('read'), 'from Node');
  const elsewhere = missingFile();
  again.createMapping(elsewhere, name, 64);
  assert.equal(textOf(again, 9), 'from Node', 'a name that exists is opened');
  assert.throws(() => readFileSync(elsewhere), { code: 'ENOENT' }, 'and no file is made for it');
  again.closeMapping();
  map.closeMapping();
  await peer.end();
});

test('what is not closed, the collector closes', async () => {
  const name = segmentName();
  const child = startCode(
    `const { FileMapping, Mutex } = require('crossmem/node-filemap');
     const [, name] = process.argv;
     let made = [new FileMapping(), new Mutex()];
     made[0].createMapping(null, name, 64);
     made[1].create(name + '-mutex');
     say('made');
     await hear();
     // Until now the collector, which comes when it likes, must leave them.
     made = undefined;
     gc();
     await new Promise((resolve) => setTimeout(resolve, 100));
     gc();
     say('collected');
     await hear();`,
    { args: [name] },
  );
  await child.next();
  makeMutex(`${name}-mutex`, 'open').close();
  const map = new FileMapping();
  map.openMapping(name, 64);
  map.closeMapping();
  child.say('collect');
  await child.next();
  assert.throws(() => map.openMapping(name, 64), /error code: 2$/);
  assert.throws(() => makeMutex(`${name}-mutex`, 'open'), /error code: 2$/);
  await child.end();
});
