// Worker threads: each its own mappings, ended in any state, the addon staying for the others.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { MappedFile } from 'crossmem';
import { countMappings, elsewhere, makeFile, resultOf } from './helpers/fixture.mjs';

const path = makeFile(Buffer.alloc(2 ** 22, 'x'));

function start(code) {
  return new Worker(
    `const { parentPort, workerData } = require('worker_threads');
     const { MappedFile, Mapping } = require('crossmem');
     ${code}`,
    { eval: true, workerData: path },
  );
}

const message = (worker) => new Promise((resolve) => worker.once('message', resolve));
const exit = (worker) => new Promise((resolve) => worker.once('exit', resolve));

test('a worker maps the file that this thread maps', async () => {
  const file = MappedFile.open(path, { access: 'readwrite' });
  const worker = start(
    `const file = MappedFile.open(workerData, { access: 'readwrite' });
     Atomics.store(new Int32Array(file.arrayBuffer), 1, 42);
     file.close();
     parentPort.postMessage('done');`,
  );
  await message(worker);
  assert.equal(Atomics.load(new Int32Array(file.arrayBuffer), 1), 42);
  file.close();
});

const workersLetGo = elsewhere({
  deno: 'Deno runs no finalizers of a worker that ends: its views go with the process',
});

test('a worker may end with live mappings and views', workersLetGo, async () => {
  for (let round = 0; round < 10; round++) {
    const worker = start(
      `globalThis.kept = [];
       for (let i = 0; i < 20; i++) {
         const file = MappedFile.open(workerData, { onFault() {} });
         kept.push(file, file.buffer, file.view(5, 5));
       }`,
    );
    assert.equal(await exit(worker), 0);
  }
  assert.equal(countMappings(path), 0);
});

test('a worker may be terminated with operations pending', async () => {
  for (let round = 0; round < 30; round++) {
    const worker = start(
      `const file = MappedFile.open(workerData, { access: 'readwrite' });
       const memory = Mapping.anonymous({ size: 2 ** 26 });
       const again = () => {
         memory.prefetch({ onProgress() {} }).then(again);
         memory.indexOfAsync('nowhere').catch(() => {});
         file.flush({ durable: ${round % 2 === 0} }).catch(() => {});
         MappedFile.openAsync(workerData).then((opened) => opened.buffer);
       };
       again();
       parentPort.postMessage('pending');`,
    );
    await message(worker);
    await worker.terminate();
  }
});

test('the addon stays loaded when the worker that loaded it ends', async () => {
  const faults = await resultOf(
    `const { Worker } = require('worker_threads');
     const fs = require('fs');
     const code = \`
       const { workerData, parentPort } = require('worker_threads');
       const { MappedFile } = require('crossmem');
       const file = MappedFile.open(workerData);
       file.buffer[0] = 1;
       parentPort.postMessage(file.fault.kind);\`;
     const inWorker = () => new Promise((resolve, reject) => {
       const worker = new Worker(code, { eval: true, workerData: process.argv[1] });
       let seen;
       worker.on('message', (kind) => { seen = kind; });
       worker.on('error', reject);
       worker.on('exit', () => resolve(seen));
     });
     (async () => {
       console.log(JSON.stringify([await inWorker(), await inWorker(), await inWorker()]));
     })();`,
    { args: [path], load: false },
  );
  assert.deepEqual(faults, ['read-only', 'read-only', 'read-only']);
});
