// How long a name lives: closing, dying, leftovers, and what never goes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { SharedMemory } from 'crossmem';
import {
  elsewhere,
  keep,
  notOnWindows,
  resultOf,
  root,
  runCode,
  runtime,
  segmentName,
  startCode,
  unlessItJustEnds,
} from './helpers/fixture.mjs';

const open = `const { SharedMemory } = crossmem;
  const memory = SharedMemory.openOrCreate(process.argv[1], { size: 4096 });`;

test('the name goes with the last process, however that ends', unlessItJustEnds, async () => {
  for (const ending of [
    'memory.close();',
    'process.exit(0);',
    '',
    'setImmediate(() => { throw new Error("on purpose"); });',
    'memory.buffer; globalThis.kept = memory;',
  ]) {
    const name = segmentName();
    await runCode(`${open} ${ending}`, { args: [name] });
    assert.throws(() => SharedMemory.stat(name), { code: 'ENOENT' }, ending);
  }
});

test(
  'two create, a third opens after one has gone, and sees the data',
  unlessItJustEnds,
  async () => {
    const name = segmentName();
    const first = startCode(`${open} memory.write('first'); say(memory.created); await hear();`, {
      args: [name],
    });
    assert.equal(await first.next(), true);
    const second = startCode(`${open} say(memory.created); await hear();`, { args: [name] });
    assert.equal(await second.next(), false);
    await first.end();
    const third = await resultOf(
      `${open} console.log(JSON.stringify([memory.created, memory.view(0, 5).toString()]));`,
      { args: [name] },
    );
    assert.deepEqual(third, [false, 'first']);
    await second.end();
    assert.equal(SharedMemory.exists(name), false);
  },
);

test('what a killed process left is no obstacle', async () => {
  const name = segmentName();
  const kill = async () => {
    const child = startCode(`${open} memory.write('left'); say(1); await hear();`, {
      args: [name],
    });
    await child.next();
    await child.kill();
    // Nothing, if another test has cleaned it away by now.
    const status = SharedMemory.list().find((one) => one.name === name);
    assert.equal(status?.attached ?? false, false);
    assert.equal(SharedMemory.exists(name), false);
  };
  await kill();
  const created = SharedMemory.create(name, { size: 10 });
  assert.deepEqual([created.size, created.buffer[0]], [10, 0]);
  created.close();
  await kill();
  assert.throws(() => SharedMemory.open(name), { code: 'ENOENT' });
  await kill();
  const opened = SharedMemory.openOrCreate(name, { size: 10 });
  assert.equal(opened.created, true);
  opened.close();
  await kill();
  SharedMemory.clean();
  assert.throws(() => SharedMemory.stat(name), { code: 'ENOENT' });
});

const noStop = notOnWindows('no signal stops a process; the C++ tests do it by NtSuspendProcess');
test('what a living process has cannot be cleaned, even when it stands still', noStop, async () => {
  const name = segmentName();
  const child = startCode(`${open} say(1); await hear();`, { args: [name] });
  await child.next();
  process.kill(child.pid, 'SIGSTOP');
  assert.ok(!SharedMemory.clean().includes(name));
  assert.equal(SharedMemory.stat(name).attached, true);
  process.kill(child.pid, 'SIGCONT');
  await child.end();
});

test('manual segments stay, and keep their kind', async () => {
  const name = segmentName();
  await runCode(
    `crossmem.SharedMemory.create(process.argv[1], { size: 10, persist: 'manual' }).write('x');`,
    { args: [name] },
  );
  assert.ok(!SharedMemory.clean().includes(name));
  const memory = SharedMemory.openOrCreate(name, { size: 10, persist: 'last-close' });
  assert.deepEqual([memory.persist, memory.created, memory.buffer[0]], ['manual', false, 0x78]);
  memory.close();
  assert.equal(SharedMemory.exists(name), true);
  assert.equal(SharedMemory.stat(name).attached, undefined);
  assert.equal(SharedMemory.unlink(name), true);
});

const workersLetGo = elsewhere({
  deno: 'Deno runs no finalizers of a worker that ends: its views go with the process',
});

test(
  'a view keeps the segment as the object would, a worker as a process',
  workersLetGo,
  async () => {
    const name = segmentName();
    const seen = await resultOf(
      `const { SharedMemory } = crossmem;
     let buffer = SharedMemory.create(process.argv[1], { size: 10 }).buffer;
     const turn = () => new Promise((resolve) => setImmediate(resolve));
     (async () => {
       for (let i = 0; i < 5; i++) { gc(); await turn(); }
       const kept = SharedMemory.exists(process.argv[1]);
       buffer = undefined;
       for (let i = 0; i < 5; i++) { gc(); await turn(); }
       console.log(JSON.stringify([kept, SharedMemory.exists(process.argv[1])]));
     })();`,
      { args: [name] },
    );
    assert.deepEqual(seen, [true, false]);
    const worker = new Worker(
      `const { SharedMemory } = require(${JSON.stringify(`${root}dist/index.js`)});
     globalThis.memory = SharedMemory.create(${JSON.stringify(name)}, { size: 10 });
     require('node:worker_threads').parentPort.postMessage(1);
     setInterval(() => {}, 1000);`,
      { eval: true },
    );
    await new Promise((resolve) => worker.once('message', resolve));
    assert.equal(SharedMemory.exists(name), true);
    await worker.terminate();
    assert.equal(SharedMemory.exists(name), false);
  },
);

const noShm = notOnWindows('memory is of the page file');
test('a full /dev/shm is ENOSPC from create, and nothing is left', noShm, (t) => {
  if (runtime === 'deno') return t.skip('Deno is started in another way');
  const mount = 'mount -t tmpfs -o size=64m none /dev/shm';
  if (spawnSync('unshare', ['-m', 'sh', '-c', mount]).status !== 0) {
    return t.skip('a mount namespace needs root');
  }
  const code = `const { SharedMemory } = require('crossmem');
    const tell = (work) => { try { work(); return 'made'; } catch (e) { return [e.code, e.path]; } };
    const size = 128 * 2 ** 20;
    const first = tell(() => SharedMemory.create('big', { size }));
    const second = tell(() => SharedMemory.openOrCreate('big', { size }));
    const grown = SharedMemory.create('small', { size: 2 ** 20 });
    const third = tell(() => grown.resize(size))[0];
    const rest = SharedMemory.list().map(({ name, size }) => [name, size]);
    console.log(JSON.stringify([first, second, third, grown.size, rest]));`;
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['-m', 'sh', '-c', `${mount} && exec "$0" -e "$1"`, process.execPath, code],
    { cwd: root, encoding: 'utf8' },
  );
  assert.deepEqual(
    JSON.parse(stdout || 'null'),
    [['ENOSPC', 'big'], ['ENOSPC', 'big'], 'ENOSPC', 2 ** 20, [['small', 2 ** 20]]],
    stderr,
  );
});

const noMeasure = notOnWindows('nothing tells how much room the page file has');
test('5 GiB asked are 5 GiB', noMeasure, async (t) => {
  const size = 5 * 2 ** 30;
  const { bavail, bsize } = statfsSync('/dev/shm');
  const free = /MemAvailable: +(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))[1] * 1024;
  if (Math.min(bavail * bsize, free) < 1.2 * size) return t.skip('there is no room for it');
  const name = segmentName();
  const memory = keep(await SharedMemory.createAsync(name, { size }));
  memory.view(size - 4, 4).write('last');
  const other = keep(SharedMemory.open(name, { access: 'read' }));
  assert.equal(other.size, size);
  assert.equal(other.view(size - 4).toString(), 'last');
});
