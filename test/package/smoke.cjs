// What every runtime must be able to do with the installed package: two processes map, share, lock,
// wait and send. Prints a line of JSON.
const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { Event, MappedFile, Mutex, Queue, SharedMemory } = require('crossmem');

const rounds = 1000;

/** What both processes have. */
function meet(name) {
  return {
    memory: SharedMemory.openOrCreate(`${name}-memory`, { size: 4096 }),
    mutex: Mutex.open(`${name}-mutex`),
    event: Event.open(`${name}-event`),
    requests: Queue.open(`${name}-requests`, { capacity: 65_536 }),
    replies: Queue.open(`${name}-replies`, { capacity: 65_536, codec: 'json' }),
  };
}

const close = (objects) => {
  for (const object of Object.values(objects)) object.close();
};

/** As many additions as rounds, of which a lock lets none be lost. */
async function count({ memory, mutex }) {
  const words = new Uint32Array(memory.arrayBuffer, 0, 1);
  for (let i = 0; i < rounds; i += 1) {
    const guard = mutex.tryLock() ?? (await mutex.lock());
    words[0] += 1;
    guard.release();
  }
}

async function peer(name) {
  const objects = meet(name);
  await objects.event.wait();
  await count(objects);
  for (let i = 0; i < rounds; i += 1) {
    const message = await objects.requests.receive();
    await objects.replies.send({ i, text: Buffer.from(message).toString() });
  }
  close(objects);
}

function map(folder) {
  const path = join(folder, 'mapped');
  writeFileSync(path, 'hello, mapping');
  const file = MappedFile.open(path, { access: 'readwrite' });
  assert.equal(file.buffer.toString(), 'hello, mapping');
  file.write('HELLO');
  file.flushSync();
  assert.equal(file.indexOf('mapping'), 7);
  file.close();
  assert.equal(MappedFile.open(path).buffer.toString(), 'HELLO, mapping');
}

/** What starts this program; CROSSMEM_SMOKE_STARTER has it where the runtime is emulated. */
function starter() {
  const given = process.env.CROSSMEM_SMOKE_STARTER;
  if (given !== undefined) return JSON.parse(given);
  // Deno has to be told what it may.
  return 'Deno' in globalThis ? [process.execPath, 'run', '-A'] : [process.execPath];
}

async function main(name) {
  const folder = mkdtempSync(join(tmpdir(), 'crossmem-smoke-'));
  map(folder);
  const objects = meet(name);
  const [program, ...flags] = starter();
  const child = spawn(program, [...flags, __filename, name], { stdio: 'inherit' });
  const ended = new Promise((resolve, reject) => child.on('exit', resolve).on('error', reject));
  const guard = await objects.mutex.lock();
  objects.event.set();
  guard.release();
  await count(objects);
  for (let i = 0; i < rounds; i += 1) {
    await objects.requests.send(Buffer.from(`request ${i}`));
    assert.deepEqual(await objects.replies.receive(), { i, text: `request ${i}` });
  }
  assert.equal(await ended, 0);
  assert.equal(new Uint32Array(objects.memory.arrayBuffer, 0, 1)[0], 2 * rounds);
  close(objects);
  rmSync(folder, { recursive: true });
  const { versions, platform, arch } = process;
  const version = versions.bun ?? versions.deno ?? versions.node;
  console.log(JSON.stringify({ version, system: `${platform}-${arch}`, steps: 5 }));
}

const [name] = process.argv.slice(2);
(name === undefined ? main(`smoke-${process.pid}-${Date.now()}`) : peer(name)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
