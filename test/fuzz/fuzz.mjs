// Calls every public function with random arguments, many times: `node test/fuzz/fuzz.mjs [seed]
// [calls]`. Errors are fine if they are typed; anything else, or a signal, is a defect.
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as crossmem from 'crossmem';
import mmapIo from 'crossmem/mmap-io';
import nodeMmap from 'crossmem/node-mmap';

const [seed = '1', calls = '20000'] = process.argv.slice(2);
const { MappedFile, Mapping } = crossmem;

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
truncateSync(sparse, 5 * 2 ** 30);
const descriptors = [...paths.map((path) => openSync(path, 'r+')), openSync(paths[3], 'r')];
// Junk paths are relative: what they create belongs to the folder that is removed at the end.
process.chdir(directory);
const closed = openSync(paths[2], 'r');
closeSync(closed);

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
  close: [],
};
const getters = [
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

const actions = [
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
  const name = pick(Object.keys(verbs));
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
  const language = /cannot be invoked without 'new'|takes \d arguments/.test(error?.message);
  // Messages that the drop-ins must keep have no code; the system's numbers stand in them.
  if (typed || language || error?.message === "couldn't allocate Node Buffer()") return;
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
rmSync(directory, { recursive: true, force: true });
console.log(`seed ${seed}: ${calls} calls, errors:`, Object.fromEntries([...seen].sort()));
