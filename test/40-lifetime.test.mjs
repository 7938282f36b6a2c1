// When memory goes: at close, with the last view, never under somebody's feet.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MappedFile, Mapping } from 'crossmem';
import {
  countMappings,
  elsewhere,
  makeFile,
  onWindows,
  resultOf,
  runCode,
  turn,
} from './helpers/fixture.mjs';

test('close detaches every view of every kind, and unmaps at once', () => {
  const path = makeFile('hello world');
  const file = MappedFile.open(path);
  const { buffer, arrayBuffer } = file;
  const views = [buffer, buffer.subarray(2), file.view(3, 2), new Uint8Array(arrayBuffer, 1)];
  const dataView = new DataView(arrayBuffer, 2, 3);
  assert.equal(countMappings(path), 1);
  file.close();
  assert.equal(countMappings(path), 0);
  for (const view of views) assert.equal(view.byteLength, 0);
  assert.equal(arrayBuffer.byteLength, 0);
  assert.equal(views[0][0], undefined);
  assert.throws(() => dataView.getUint8(0), TypeError);
  buffer[0] = 1; // stores into nothing are silent: that is the language
  file.close();
});

test('a closed mapping stays closed, whatever is opened after it', async () => {
  const first = MappedFile.open(makeFile('first'));
  const { buffer } = first;
  const pending = first.indexOfAsync('nowhere').catch(({ code }) => code);
  first.close();
  const second = MappedFile.open(makeFile('second'));
  assert.throws(() => first.view(), { code: 'ERR_CROSSMEM_CLOSED' });
  assert.throws(() => first.write('x'), { code: 'ERR_CROSSMEM_CLOSED' });
  assert.deepEqual([first.size, first.closed, buffer.length], [0, true, 0]);
  first.close();
  assert.ok([-1, 'ERR_CROSSMEM_CLOSED'].includes(await pending));
  assert.equal(second.buffer.toString(), 'second');
  assert.throws(() => MappedFile.open('/nowhere/at/all'), { code: 'ENOENT' });
  const third = MappedFile.open(makeFile('third'));
  assert.deepEqual([second.buffer.toString(), third.buffer.toString()], ['second', 'third']);
  second.close();
  third.close();
});

test('memory that was transferred away reads as zeroes after close', async () => {
  const path = makeFile('hello world');
  const moves = [(memory) => structuredClone(memory, { transfer: [memory] })];
  if (ArrayBuffer.prototype.transfer) moves.push((memory) => memory.transfer());
  for (const move of moves) {
    const file = MappedFile.open(path, { access: 'readwrite' });
    const { arrayBuffer } = file;
    let moved;
    try {
      moved = move(arrayBuffer);
    } catch (error) {
      // Node.js 22 on: structuredClone refuses to transfer external memory.
      assert.equal(error.name, 'DataCloneError');
      file.close();
      continue;
    }
    assert.equal(Buffer.from(moved).toString(), 'hello world');
    assert.equal(file.buffer.toString(), 'hello world', 'a new view is made');
    const wasMoved = arrayBuffer.byteLength === 0;
    file.close();
    if (wasMoved && moved.byteLength > 0 && ArrayBuffer.prototype.transfer) {
      assert.deepEqual([...new Uint8Array(moved)], Array(11).fill(0));
      new Uint8Array(moved)[0] = 1;
    }
  }
  assert.equal(MappedFile.open(path).buffer.toString(), 'hello world');
});

const collector = elsewhere({ bun: 'Bun collects when it likes, and counts no external memory' });

test(
  'views keep what a forgotten mapping mapped, and collection unmaps it',
  collector,
  async () => {
    const path = makeFile('hello world');
    const counts = await resultOf(
      `const { countMappings } = require('./test/helpers/system.cjs');
     const count = () => countMappings(process.argv[1]);
     const collect = async () => {
       for (let i = 0; i < 5; i++) { gc(); await new Promise((done) => setImmediate(done)); }
     };
     (async () => {
       let view = crossmem.MappedFile.open(process.argv[1]).view(6, 5);
       await collect();
       const held = [count(), view.toString()];
       view = undefined;
       await collect();
       crossmem.MappedFile.open(process.argv[1]);
       await collect();
       console.log(JSON.stringify([...held, count()]));
     })();`,
      { args: [path] },
    );
    assert.deepEqual(counts, [1, 'world', 0]);
  },
);

test('10,000 cycles leave no mapping, descriptor or memory behind', async () => {
  const path = makeFile(Buffer.alloc(10000));
  const { before, after } = await resultOf(
    `const { countMappings, countDescriptors } = require('./test/helpers/system.cjs');
     const measure = () => ({
       mappings: countMappings(process.argv[1]),
       descriptors: countDescriptors(),
       rss: process.memoryUsage().rss,
     });
     const cycles = async (count) => {
       for (let i = 0; i < count; i++) {
         const file = crossmem.MappedFile.open(process.argv[1]);
         file.view(i % 9000, 10)[0] === 0;
         file.buffer;
         file.close();
         if (i % 500 === 0) await new Promise((done) => setImmediate(done));
       }
       gc();
       await new Promise((done) => setImmediate(done));
     };
     (async () => {
       await cycles(2000);
       const before = measure();
       await cycles(10000);
       console.log(JSON.stringify({ before, after: measure() }));
     })();`,
    { args: [path] },
  );
  assert.equal(after.mappings, 0);
  // On Windows the threads of Node.js have handles too, which come and go.
  const spare = onWindows ? 100 : 0;
  assert.ok(
    after.descriptors - before.descriptors <= spare,
    `${before.descriptors} -> ${after.descriptors}`,
  );
  // A leak of one small record a cycle would be several MiB.
  assert.ok(after.rss - before.rss < 8 * 2 ** 20, `${before.rss} -> ${after.rss}`);
});

test('the collector is told of external memory', collector, async () => {
  const { external } = process.memoryUsage();
  const memory = Mapping.anonymous({ size: 64 * 2 ** 20 });
  memory.buffer;
  assert.ok(process.memoryUsage().external - external >= 64 * 2 ** 20);
  memory.close();
  await turn();
  assert.ok(process.memoryUsage().external - external < 64 * 2 ** 20);
});

test('forgotten mappings do not pile up', async () => {
  const most = await resultOf(
    `let most = 0;
     (async () => {
       for (let i = 0; i < 400; i++) {
         crossmem.Mapping.anonymous({ size: 64 * 2 ** 20 }).buffer;
         if (i % 10 === 0) await new Promise((done) => setImmediate(done));
         const { external } = process.memoryUsage();
         most = Math.max(most, external);
       }
       console.log(most / 2 ** 20);
     })();`,
    { flags: [] },
  );
  assert.ok(most < 400 * 64 * 0.75, `${most} MiB at once`);
});

test('pending operations survive close and resize', async () => {
  for (let round = 0; round < 20; round++) {
    const memory = Mapping.anonymous({ size: 32 * 2 ** 20 });
    const pending = [
      memory.prefetch(),
      memory.indexOfAsync('nowhere'),
      memory.residencyAsync(),
      memory.flush(),
      memory.readAsync(Buffer.alloc(1000)),
    ];
    if (round % 2 === 0) memory.resize(2 ** 20);
    memory.close();
    for (const { status, reason } of await Promise.allSettled(pending)) {
      if (status === 'rejected') assert.equal(reason.code, 'ERR_CROSSMEM_CLOSED', reason);
    }
  }
});

const othersOperate = elsewhere({
  deno: 'Deno throws when an operation of its own ends on a view that is empty by then',
});

test('operations of other modules on a view survive close and resize', othersOperate, async () => {
  const { code, signal, stderr } = await runCode(
    `const { randomFill } = require('crypto');
     let left = 60;
     const done = () => { if (--left === 0) process.exit(7); };
     for (let i = 0; i < 30; i++) {
       const memory = crossmem.Mapping.anonymous({ size: 2 ** 22, populate: true });
       randomFill(memory.buffer, done);
       randomFill(memory.view(5, 2 ** 20), done);
       if (i % 2) memory.resize(2 ** 23);
       memory.close();
     }`,
  );
  assert.deepEqual([code, signal], [7, null], stderr);
});

test('a process may end with operations under way', async () => {
  for (const end of ['process.exit(7)', 'process.exitCode = 7']) {
    const { code, signal } = await runCode(
      `const memory = crossmem.Mapping.anonymous({ size: 2 ** 28 });
       for (let i = 0; i < 8; i++) { memory.prefetch(); memory.indexOfAsync('nowhere'); }
       ${end};`,
    );
    assert.deepEqual([code, signal], [7, null]);
  }
});

test('the event loop stays for a promise, and ends for nothing else', async () => {
  const out = await resultOf(
    `const memory = crossmem.Mapping.anonymous({ size: 2 ** 26, onFault() {} });
     memory.indexOfAsync('nowhere').then((found) => console.log(found));`,
  );
  assert.equal(out, -1);
});
