// A runtime that refuses external buffers, as Electron's memory cage does: simulated by an addon
// whose calls of napi_create_external_* are answered with that refusal.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test from 'node:test';
import {
  makeFile,
  onWindows,
  resultOf,
  segmentName,
  siblingAddon,
  underWine,
} from './helpers/fixture.mjs';

const env = { CROSSMEM_ADDON: siblingAddon('crossmem_no_external') };
const cannotBeBuilt = onWindows && !underWine && !existsSync(env.CROSSMEM_ADDON);
const options = { skip: cannotBeBuilt && "MSVC's linker cannot wrap functions" };

test('copies work, views say what to call instead', options, async () => {
  const path = makeFile('hello world');
  const seen = await resultOf(
    `const file = crossmem.MappedFile.open(process.argv[1], { access: 'readwrite' });
     const errors = ['buffer', 'arrayBuffer', 'view'].map((name) => {
       try {
         name === 'view' ? file.view(0, 5) : file[name];
       } catch ({ code, message, path }) {
         return [code, /read\\(\\) and write\\(\\)/.test(message), path === process.argv[1]];
       }
     });
     const target = Buffer.alloc(5);
     (async () => {
       file.write('HELLO');
       await file.writeAsync('W', { offset: 6 });
       file.read(target, { offset: 1 });
       await file.flush({ durable: true });
       await file.prefetch();
       file.resize(20);
       file.advise('random');
       const found = [file.indexOf('World'), await file.indexOfAsync('World')];
       file.close();
       console.log(JSON.stringify({ errors, read: target.toString(), found }));
     })();`,
    { args: [path], env },
  );
  const refused = ['ERR_CROSSMEM_NO_EXTERNAL_BUFFERS', true, false];
  assert.deepEqual(seen.errors, Array(3).fill(refused));
  assert.equal(seen.read, 'ELLO ');
  assert.deepEqual(seen.found, [6, 6]);
});

test('the drop-ins say so in an error, and leave nothing mapped', options, async () => {
  const path = makeFile('hello world');
  const seen = await resultOf(
    `const fs = require('fs');
     const fd = fs.openSync(process.argv[1]);
     const codes = ['crossmem/mmap-io', 'crossmem/node-mmap'].map((name) => {
       try { require(name).map(11, 1, 1, fd); } catch (error) { return error.code; }
     });
     const mapped = fs.readFileSync('/proc/self/maps', 'utf8').includes(process.argv[1]);
     console.log(JSON.stringify({ codes, mapped }));`,
    { args: [path], env },
  );
  assert.deepEqual(seen.codes, Array(2).fill('ERR_CROSSMEM_NO_EXTERNAL_BUFFERS'));
  assert.equal(seen.mapped, false);
});

test('of a Latest all is copied', options, async () => {
  const seen = await resultOf(
    `const latest = crossmem.Latest.open('${segmentName()}', { size: 100 });
     const first = [latest.version, latest.get(), latest.look()];
     latest.setSync(Buffer.from('one'));
     const look = latest.look();
     const reserved = latest.tryReserve(3);
     reserved.buffer.set(Buffer.from('two'));
     const before = latest.get();
     reserved.commit();
     for (let i = 0; i < 5; i += 1) latest.setSync(Buffer.from('more'));
     const text = (bytes) => Buffer.from(bytes).toString();
     console.log(JSON.stringify([first, text(before), text(look.bytes), look.version, look.valid(),
       text(latest.get()), latest.version]));`,
    { env },
  );
  assert.deepEqual(seen, [[0, null, null], 'one', 'one', 1, true, 'more', 7]);
});

test('batches go one message at a time', options, async () => {
  const seen = await resultOf(
    `const queue = crossmem.Queue.open('${segmentName()}');
     const batch = new crossmem.MessageBatch();
     for (const one of ['a', 'b', 'c']) batch.add(Buffer.from(one));
     const sent = queue.trySendBatch(batch);
     const received = [];
     while (queue.tryReceiveBatch(batch) > 0) received.push(Buffer.from(batch.message(0)).toString());
     console.log(JSON.stringify([sent, ...received]));`,
    { env },
  );
  assert.deepEqual(seen, [3, 'a', 'b', 'c']);
});
