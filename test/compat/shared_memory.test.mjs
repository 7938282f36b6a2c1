// crossmem/shared_memory against what @markusjx/shared_memory does, and what killed it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import { SharedMemory } from 'crossmem';
import Shared from 'crossmem/shared_memory';
import {
  keep,
  onWindows,
  resultOf,
  runCode,
  segmentName,
  startCode,
  withoutNew,
} from '../helpers/fixture.mjs';
import { startPeer } from '../helpers/win32.mjs';

const host = (name, size = 4096) => keep(new Shared(name, size));
const client = (name, size = 4096) => keep(new Shared(name, size, false, false));

test('the class is the module, and its default', () => {
  const required = createRequire(import.meta.url)('crossmem/shared_memory');
  assert.equal(required, Shared);
  assert.equal(required.default, Shared);
  assert.throws(() => Shared('x', 1), { message: withoutNew });
});

test('properties are own, enumerable and read-only', () => {
  const name = segmentName();
  const memory = host(name, 100);
  const { size, global, id } = memory;
  assert.deepEqual({ ...memory }, { name, size: 100, global: false, host: true, id });
  assert.deepEqual([size, global], [100, false]);
  assert.throws(() => {
    memory.size = 5;
  }, TypeError);
  assert.equal(keep(new Shared('hello', 10)).id, onWindows ? 'hello' : -37865016);
  assert.equal(keep(new Shared(segmentName(), 10, true)).global, true);
  assert.equal(keep(new Shared(segmentName(), 10, 'yes', 'yes')).global, false);
});

test('text and bytes go from host to client and back', async () => {
  const name = segmentName();
  const memory = host(name);
  memory.data = 'grüße';
  assert.equal(memory.read(), 'grüße');
  assert.equal(memory.readBuffer().length, 4096);
  const answer = await resultOf(
    `const Shared = require('crossmem/shared_memory');
     const memory = new Shared(process.argv[1], 4096, false, false);
     const heard = memory.data;
     memory.write('answer');
     console.log(JSON.stringify([heard, memory.host]));`,
    { args: [name] },
  );
  assert.deepEqual(answer, ['grüße', false]);
  assert.equal(memory.data, 'answer');
  memory.buffer = Buffer.from([1, 2]);
  assert.equal(memory.buffer.toString('latin1', 0, 7), '\x01\x02swer\0');
  memory.write(new Uint8Array([9]));
  assert.equal(memory.buffer[0], 9);
  const copy = memory.buffer;
  copy[0] = 5;
  assert.equal(memory.buffer[0], 9);
});

test('a full segment without a NUL is text to the end', () => {
  const memory = host(segmentName());
  memory.data = 'x'.repeat(4096);
  assert.equal(memory.data, 'x'.repeat(4096));
  memory.write('short');
  assert.equal(memory.data, 'short');
  assert.equal(memory.buffer[6], 0x78, 'the rest stays');
  memory.write('');
  assert.equal(memory.data, '');
});

test('errors have the texts of the original', () => {
  const name = segmentName();
  const twoArguments = { name: 'TypeError', message: 'shared_memory requires 2 arguments' };
  assert.throws(() => new Shared(), twoArguments);
  assert.throws(() => new Shared(name), twoArguments);
  const mismatch = (type, position) => ({
    name: 'TypeError',
    message: `Argument type mismatch: shared_memory requires type ${type} at position ${position}`,
  });
  assert.throws(() => new Shared(5, 5), mismatch('string', 1));
  assert.throws(() => new Shared(name, '5'), mismatch('number', 2));
  const zero = { name: 'TypeError', message: 'The buffer size must be greater than zero' };
  assert.throws(() => new Shared(name, 0), zero);
  assert.throws(() => new Shared(name, Number.NaN), zero);
  const could = (what) => ({ name: 'Error', message: `Could not ${what}` });
  assert.throws(
    () => new Shared(name, -1),
    could('create the shared memory segment: Invalid argument'),
  );
  assert.throws(
    () => client(name),
    could('get the shared memory segment: No such file or directory'),
  );
  const memory = host(name, 100);
  assert.throws(() => host(name, 100), could('create the shared memory segment: File exists'));
  assert.throws(() => client(name, 101), could('get the shared memory segment: Invalid argument'));
  assert.equal(client(name, 10).buffer.length, 10);
  assert.throws(() => memory.write('x'.repeat(101)), {
    message: 'Could not write to the buffer: The input is bigger than the buffer size',
  });
  assert.throws(() => memory.write(5), {
    message: 'Argument type mismatch: writeData requires type string or buffer at position 1',
  });
  assert.throws(() => {
    memory.data = 5;
  }, new TypeError('The string setter requires a string as an argument'));
  assert.throws(() => {
    memory.buffer = 'x';
  }, new TypeError('The buffer setter requires a buffer as an argument'));
  assert.throws(() => Shared.prototype.data, { message: 'Invalid argument' });
  assert.throws(() => Shared.prototype.write('x'), { message: 'Invalid argument' });
});

test('ids are free and look like numbers', async () => {
  for (const id of [Shared.generateId(), Shared.generateId(true), await Shared.generateIdAsync()]) {
    assert.match(id, /^-?\d{1,10}$/);
    assert.equal(host(id, 10).name, id);
  }
});

const hosting = `const Shared = require('crossmem/shared_memory');
  const memory = new Shared(process.argv[1], 4096);
  memory.data = 'hosted';`;

test('a host that ends takes the name with it; clients keep the memory', async () => {
  const name = segmentName();
  const child = startCode(`${hosting} say(1); await hear();`, { args: [name] });
  await child.next();
  const kept = client(name);
  await child.end();
  assert.throws(() => client(name), { code: 'ENOENT' });
  assert.equal(kept.data, 'hosted');
  assert.equal(host(name).data, '');
  assert.equal(kept.data, 'hosted');
});

test('a second host after one that was killed works, with or without clients', async () => {
  for (const withClient of [false, true]) {
    const name = segmentName();
    const child = startCode(`${hosting} say(1); await hear();`, { args: [name] });
    await child.next();
    const left = withClient ? client(name) : undefined;
    assert.throws(() => host(name), { code: 'EEXIST' });
    await child.kill();
    if (onWindows && withClient) {
      assert.throws(() => host(name), { code: 'EEXIST' });
      left.close();
    }
    assert.equal(host(name).data, '');
  }
});

const onlyOnWindows = { skip: !onWindows && 'names are not those of all programs' };
const refused = { code: 'EEXIST', message: /^Could not create .*: File exists$/ };

test("a host takes no stranger's name, nor his memory", onlyOnWindows, async () => {
  for (const persist of ['manual', 'last-close']) {
    const name = segmentName();
    const theirs = keep(SharedMemory.create(name, { size: 10, persist }));
    theirs.write('stranger');
    assert.throws(() => host(name), refused);
    const found = keep(SharedMemory.open(name));
    assert.equal(found.buffer.toString('latin1', 0, 8), 'stranger');
    SharedMemory.unlink(name);
  }
  const name = segmentName();
  const peer = startPeer();
  assert.equal(await peer.ask('create-section', '-', name, 4096), 0);
  assert.equal(await peer.ask('write', 'from-C'), 0);
  assert.throws(() => host(name), refused);
  assert.equal(client(name).data, 'from-C');
  await peer.end();
});

test('a collected host ends, and close ends at once', async () => {
  const name = segmentName();
  const ended = await runCode(
    `const Shared = require('crossmem/shared_memory');
     const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
     (async () => {
       new Shared(process.argv[1], 4096);
       for (let i = 0; i < 10; i++) { gc(); await turn(); }
       const again = new Shared(process.argv[1], 4096);
       again.close();
       again.close();
       new Shared(process.argv[1], 4096);
     })();`,
    { args: [name] },
  );
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(host(name).host, true);
});

test('however many hosts come and go, one listener waits for the exit', async () => {
  const listeners = await resultOf(
    `const Shared = require('crossmem/shared_memory');
     const before = process.listenerCount('exit');
     for (let i = 0; i < 20; i++) new Shared(process.argv[1], 100).close();
     console.log(process.listenerCount('exit') - before);`,
    { args: [segmentName()] },
  );
  assert.equal(listeners, 1);
});

test('names are any text', () => {
  for (const name of ['a/b c', 'ä €', 'x'.repeat(1000), '']) {
    host(name, 10).data = 'ok';
    assert.equal(client(name, 10).data, 'ok');
  }
});

test('names are those of Win32', onlyOnWindows, async () => {
  const peer = startPeer();
  for (const [space, global] of [
    ['', false],
    ['Local\\', false],
    ['Global\\', false],
    ['Global\\', true],
  ]) {
    const name = `${space}${segmentName()}`;
    const memory = keep(new Shared(name, 4096, global));
    assert.equal(memory.id, name);
    memory.data = 'from-Node';
    assert.equal(await peer.ask('open-section', name), 0);
    assert.equal(await peer.ask('read'), 'from-Node');
    await peer.ask('close-section');
    assert.equal(keep(new Shared(name, 4096, global, false)).data, 'from-Node');
  }
  for (const name of ['Elsewhere\\x', 'Local\\in\\side', 'Global\\', 'x'.repeat(190)]) {
    assert.match(host(name, 10).id, /^[0-9a-f]{64}$/);
  }
  assert.equal(host('x'.repeat(189), 10).id, 'x'.repeat(189));
  await peer.end();
});
