// Calls every public function with random arguments, many times: `node test/fuzz/fuzz.mjs [seed]
// [calls]`. Errors are fine if they are typed; anything else, or a signal, is a defect.
import { ftruncateSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as crossmem from 'crossmem';
import mmapIo from 'crossmem/mmap-io';
import MmapIpc from 'crossmem/mmap-ipc';
import filemap from 'crossmem/node-filemap';
import nodeMmap from 'crossmem/node-mmap';
import Shared from 'crossmem/shared_memory';
import { objectActions } from './objects.mjs';

const [seed = '1', calls = '20000'] = process.argv.slice(2);
const { FileLock, MappedFile, Mapping, SharedMemory } = crossmem;

// mulberry32: small, seeded, good enough to pick with.
let state = Number(seed);
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const below = (limit) => Math.floor(random() * limit);
const pick = (list) => list[below(list.length)];

const directory = mkdtempSync(join(tmpdir(), 'crossmem-fuzz-'));
const sizes = [0, 1, 100, 4096, 4097, 50000];
const paths = sizes.map((size, i) => {
  const path = join(directory, `file-${i}`);
  writeFileSync(path, Buffer.alloc(size, i));
  return path;
});
const sparse = join(directory, 'sparse');
writeFileSync(sparse, '');
// Wine reads each byte that is to be brought into memory.
truncateSync(sparse, (process.platform === 'win32' ? 1 : 5) * 2 ** 30);
const descriptors = [...paths.map((path) => openSync(path, 'r+')), openSync(paths[3], 'r')];
// Junk paths are relative: what they create belongs to the folder that is removed at the end.
process.chdir(directory);
// No descriptor has this number. One that was closed would soon be another's: the table of agents'.
const closed = 2 ** 30;

const throwing = {
  valueOf() {
    throw Object.assign(new Error('valueOf'), { code: 'ERR_FUZZ' });
  },
  get offset() {
    throw Object.assign(new Error('getter'), { code: 'ERR_FUZZ' });
  },
};

const bytes = () =>
  pick([
    0,
    1,
    5,
    100,
    4095,
    4096,
    4097,
    8192,
    50000,
    2 ** 31,
    2 ** 32,
    2 ** 40,
    2 ** 53 - 1,
    1n,
    4096n,
  ]);
const junk = () =>
  pick([
    undefined,
    null,
    true,
    -1,
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    -(2 ** 40),
    2n ** 70n,
    -1n,
    '',
    'x',
    '4096',
    {},
    [],
    [1, 2],
    () => {},
    Symbol('s'),
    new Date(0),
    throwing,
    new Proxy({}, {}),
  ]);
const memory = () =>
  pick([
    Buffer.alloc(below(200)),
    new Uint16Array(50),
    new DataView(new ArrayBuffer(9)),
    new ArrayBuffer(0),
    new SharedArrayBuffer(20),
    'text',
    buffers[below(buffers.length)],
  ]);
const flag = () => pick([true, false]);
const range = () =>
  pick([
    undefined,
    {},
    { offset: bytes() },
    { length: bytes() },
    { offset: bytes(), length: bytes() },
  ]);
const signal = () => pick([undefined, AbortSignal.abort(), AbortSignal.timeout(below(3))]);
const advice = () => pick(Mapping.advice);
const source = () =>
  pick([...paths, sparse, directory, '/dev/null', ...descriptors, closed, 'missing']);

/** An argument of the right kind, most of the time. */
const maybe = (make) => () => (random() < 0.25 ? junk() : make());

function openOptions() {
  const options = {};
  const add = (name, make, chance) => {
    if (random() < chance) options[name] = maybe(make)();
  };
  add('access', () => pick(['read', 'readwrite', 'private']), 0.7);
  add('offset', bytes, 0.3);
  add('length', () => Math.min(Number(bytes()), 5 * 2 ** 30), 0.3);
  add('create', () => pick([true, false, 'exclusive']), 0.1);
  add('size', () => below(60000), 0.2);
  for (const name of ['hugePages', 'faultGuard', 'allowBeyondEnd', 'keepDescriptor'])
    add(name, flag, 0.2);
  add('advise', advice, 0.1);
  add('onFault', () => () => {}, 0.2);
  // Unguarded faults are the program's own: a random program would die of them, rightly.
  if (options.faultGuard === false) options.faultGuard = true;
  return options;
}

const withSignal = () => ({
  ...range(),
  signal: maybe(signal)(),
  onProgress: maybe(() => () => {})(),
});
const copyOptions = () => ({ ...range(), targetOffset: bytes(), sourceOffset: bytes() });

/** Each verb with what makes its arguments. What takes a whole sparse file long is left to ranges. */
const verbs = {
  view: [bytes, bytes],
  read: [memory, copyOptions],
  readAsync: [memory, copyOptions],
  write: [memory, copyOptions],
  writeAsync: [memory, copyOptions],
  flush: [range],
  flushSync: [() => ({ ...range(), durable: flag() })],
  advise: [() => pick(['normal', 'random', 'willneed', 'dontneed', 'cold']), range],
  adviseAsync: [() => pick(['normal', 'sequential', 'free', 'dontfork', 'dofork']), range],
  prefetch: [() => ({ ...withSignal(), length: below(100000) })],
  residency: [() => ({ ...range(), length: below(100000) })],
  residencyAsync: [() => ({ ...range(), length: below(100000) })],
  lock: [() => ({ offset: bytes(), length: below(10000) })],
  lockAsync: [() => ({ offset: bytes(), length: below(10000) })],
  unlock: [range],
  protect: [() => pick(['none', 'read', 'readwrite', 'read-execute']), range],
  resize: [() => below(100000)],
  resizeAsync: [() => below(100000)],
  refresh: [],
  indexOf: [() => pick(['x', memory(), below(256)]), () => ({ ...range(), length: below(100000) })],
  indexOfAsync: [() => pick(['x', below(256)]), () => ({ ...withSignal(), length: below(100000) })],
  seal: [() => pick(['seal', 'shrink', 'grow', 'write', 'future-write'])],
  close: [],
};
const getters = [
  'fd',
  'name',
  'seals',
  'created',
  'persist',
  'buffer',
  'arrayBuffer',
  'sharedBuffer',
  'size',
  'fault',
  'closed',
  'access',
  'path',
];

const mappings = [];
const buffers = [Buffer.alloc(10)];
const keep = (list, item) => {
  if (list.length > 40) list.splice(below(40), 1);
  list.push(item);
};

const mapArguments = [
  () => pick([0, 1, 4096, 10000, 2 ** 20]),
  () => below(8),
  () => pick([1, 2, 0x21, 0x22, 0x4022, 0, 0x8001]),
  () => pick([...descriptors, -1, closed]),
  () => pick([0, 4096, 100]),
];
const buffer = () => pick(buffers);
const smallInteger = () => below(30);

// Names of this process alone: what is left of them is removed at the end.
const prefix = `cm-fuzz-${process.pid}`;
const names = [0, 1, 2, 3].map((index) => `${prefix}-${index}`);
const name = () => pick([...names, ...names, `${prefix}/x`, '..']);
const size = () => pick([1, 100, 4096, 50000]);

function segmentOptions() {
  const options = { size: maybe(size)() };
  const add = (key, make, chance) => {
    if (random() < chance) options[key] = maybe(make)();
  };
  add('mode', () => pick([0o600, '0640', 0o666]), 0.2);
  add('persist', () => pick(['manual', 'last-close']), 0.4);
  add('access', () => pick(['read', 'readwrite', 'private']), 0.3);
  add('allowForeign', flag, 0.1);
  add('seal', () => pick([true, false, ['shrink'], ['grow', 'future-write']]), 0.3);
  add('onFault', () => () => {}, 0.2);
  return options;
}

const locks = [];
const lockTarget = () => pick([...paths, ...descriptors, closed, 'lock-file', directory]);
function lockOptions() {
  const options = {};
  const add = (key, make, chance) => {
    if (random() < chance) options[key] = maybe(make)();
  };
  add('mode', () => pick(['shared', 'exclusive']), 0.5);
  add('flock', flag, 0.2);
  add('start', bytes, 0.3);
  add('length', bytes, 0.3);
  add('timeout', () => below(3), 0.5);
  add('signal', signal, 0.3);
  return options;
}
/** A lock that this program has lost sight of is never released: no wait may be without an end. */
const bounded = (options) => ({ ...options, timeout: below(3) });
const lock = () => pick(locks);

const shareActions = [
  () => keep(mappings, SharedMemory.create(maybe(name)(), maybe(segmentOptions)())),
  () => keep(mappings, SharedMemory.openOrCreate(maybe(name)(), maybe(segmentOptions)())),
  () => keep(mappings, SharedMemory.open(maybe(name)(), maybe(segmentOptions)())),
  () => SharedMemory.openAsync(maybe(name)(), segmentOptions()).then((m) => keep(mappings, m)),
  () => SharedMemory.createAsync(maybe(name)(), segmentOptions()).then((m) => keep(mappings, m)),
  () => SharedMemory.openOrCreateAsync(name(), segmentOptions()).then((m) => keep(mappings, m)),
  () => keep(mappings, SharedMemory.anonymous(maybe(segmentOptions)())),
  () => SharedMemory.anonymousAsync(maybe(segmentOptions)()).then((m) => m.close()),
  () => keep(mappings, SharedMemory.fromFd(maybe(() => pick(descriptors))(), segmentOptions())),
  () => SharedMemory.unlink(maybe(name)()),
  () => SharedMemory.stat(maybe(name)()),
  () => SharedMemory.exists(maybe(name)()),
  () => SharedMemory.list(),
  () => SharedMemory.clean(),
  () => keep(locks, FileLock.tryLock(maybe(lockTarget)(), maybe(lockOptions)()) ?? lock()),
  () => keep(locks, FileLock.lockSync(maybe(lockTarget)(), bounded(lockOptions()))),
  () => FileLock.lock(maybe(lockTarget)(), bounded(lockOptions())).then((l) => keep(locks, l)),
  () =>
    FileLock.lock(lockTarget(), bounded({ ...lockOptions(), signal: maybe(signal)() })).then((l) =>
      l.release(),
    ),
  () => lock()?.tryUpgrade(),
  () => lock()?.upgrade(bounded(maybe(lockOptions)())),
  () => lock()?.upgradeSync(bounded({})),
  () => lock()?.downgrade(),
  () => lock()?.release(),
  () => [lock()?.mode, lock()?.released],
  () => {
    const item = new MmapIpc(maybe(name)(), maybe(size)(), flag());
    keep(buffers, item.buffer());
    item.close();
  },
  () => {
    const item = MmapIpc.CreateNewItem(maybe(name)(), maybe(size)(), junk());
    item.removeLock();
    keep(buffers, item.buffer());
  },
  () => {
    const memory = new Shared(maybe(name)(), maybe(size)(), flag(), flag());
    memory.write(maybe(() => pick(['text', Buffer.alloc(below(200), 'x')]))());
    memory.read();
    memory.buffer = Buffer.alloc(1);
    if (flag()) memory.close();
  },
  () => Shared.generateId(junk()),
  () => {
    const map = new filemap.FileMapping();
    if (flag())
      map.createMapping(maybe(() => null)(), `${maybe(name)()?.toString()}`, maybe(size)());
    else map.openMapping(name(), maybe(size)());
    map.writeBuffer(maybe(memory)(), maybe(bytes)(), below(9), maybe(bytes)());
    map.readInto(maybe(bytes)(), maybe(bytes)(), maybe(memory)());
    if (flag()) map.closeMapping();
  },
  () => {
    const mutex = new filemap.Mutex();
    mutex[pick(['create', 'open'])](maybe(() => `${name()}-win32`)());
    mutex.wait(below(3));
    mutex.waitMultiple(maybe(() => [mutex])(), maybe(flag)(), below(3));
    mutex.release();
    if (flag()) mutex.close();
  },
];

const tools = { prefix, below, pick, maybe, signal, bytes, buffer, mappings };
const objects = objectActions(tools);

const actions = [
  ...shareActions,
  ...objects.actions,
  () => keep(mappings, MappedFile.open(maybe(source)(), maybe(openOptions)())),
  () =>
    MappedFile.openAsync(maybe(source)(), maybe(openOptions)()).then((file) =>
      keep(mappings, file),
    ),
  () =>
    keep(mappings, Mapping.anonymous(maybe(() => ({ size: maybe(() => 1 + below(200000))() }))())),
  () => Mapping.anonymousAsync({ size: maybe(() => 1 + below(200000))() }).then((m) => m.close()),
  () =>
    keep(
      buffers,
      mmapIo.map(...mapArguments.map((make) => maybe(make)()), maybe(smallInteger)(), junk()),
    ),
  () => keep(buffers, nodeMmap(...mapArguments.map((make) => maybe(make)()))),
  () => keep(buffers, nodeMmap.map(below(5000), 3, 1, pick(paths), 0)),
  () =>
    mmapIo.advise(
      ...pick([[buffer(), smallInteger()], [buffer(), bytes(), bytes(), smallInteger()], [junk()]]),
    ),
  () => mmapIo.incore(maybe(buffer)()),
  () => mmapIo.sync(maybe(buffer)(), maybe(bytes)(), maybe(bytes)(), flag()),
  () => buffer().sync?.(bytes(), junk(), junk()),
  () => buffer().unmap?.(),
  () => pick([MappedFile, Mapping, crossmem.CrossmemError])(junk(), junk()),
  () => new (pick([MappedFile, Mapping]))(junk(), junk()),
  // What happens behind a mapping's back, and touching what may be gone by then.
  () => ftruncateSync(descriptors[below(6)], below(60000)),
  () => {
    const target = buffer();
    for (let i = 0; i < 5; i++) target[below(target.length)] = target[below(target.length)] + 1;
  },
];

function useMapping() {
  if (mappings.length === 0) return undefined;
  const mapping = pick(mappings);
  if (random() < 0.2) {
    const value = mapping[pick(getters)];
    if (Buffer.isBuffer(value) && value.length < 2 ** 20) keep(buffers, value);
    return undefined;
  }
  const name = pick(Object.keys(verbs).filter((verb) => verb in mapping));
  const result = mapping[name](...verbs[name].map((make) => maybe(make)()));
  if (Buffer.isBuffer(result) && result.length < 2 ** 20) keep(buffers, result);
  return result;
}

const seen = new Map();
function judge(error) {
  const code = error?.code ?? error?.name;
  seen.set(code, (seen.get(code) ?? 0) + 1);
  const typed =
    typeof error?.code === 'string' ||
    error?.name === 'AbortError' ||
    error?.name === 'TimeoutError';
  const language =
    /cannot be invoked without 'new'|Cannot call a class constructor|takes \d arguments/.test(
      error?.message,
    );
  // Messages that the drop-ins must keep have no code; the system's numbers stand in them.
  const kept =
    /^(couldn't allocate Node Buffer|shared_memory requires|Argument type mismatch|The (buffer|string) s|Could not (write|create|get)|(Not enough|Wrong type) arguments to)/;
  if (typed || language || kept.test(error?.message)) return;
  console.error(`seed ${seed}: not a typed error:`, error);
  process.exitCode = 1;
}

process.on('unhandledRejection', judge);
for (let call = 0; call < Number(calls); call++) {
  try {
    const result = random() < 0.5 ? useMapping() : pick(actions)();
    if (result instanceof Promise) result.catch(judge);
  } catch (error) {
    judge(error);
  }
  if (call % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
}
await new Promise((resolve) => setTimeout(resolve, 50));
for (const one of locks) one?.release();
const unlinks = [...names, 'x', '4096'].map((one) => () => SharedMemory.unlink(one));
for (const end of [...objects.endings, ...unlinks]) {
  try {
    end();
  } catch (error) {
    judge(error);
  }
}
try {
  process.chdir(tmpdir());
  rmSync(directory, { recursive: true, force: true });
} catch (error) {
  // Windows removes no file that is mapped, and its folder neither.
  if (process.platform !== 'win32') throw error;
}
console.log(`seed ${seed}: ${calls} calls, errors:`, Object.fromEntries([...seen].sort()));
