// The types of the public API, as CommonJS with TypeScript sees them.
import {
  type Advice,
  type AnyResult,
  Barrier,
  Condition,
  CountingSemaphore,
  CrossmemError,
  Event,
  type Fault,
  FileLock,
  type Guard,
  Latest,
  type Lease,
  type LockMode,
  type Look,
  MappedFile,
  type MappedFileOptions,
  Mapping,
  MessageBatch,
  Mutex,
  Queue,
  type Reservation,
  type Residency,
  type RwGuard,
  RwLock,
  type RwMode,
  record,
  type Seal,
  type SegmentStatus,
  Semaphore,
  SharedMemory,
  Topic,
  waitAllSync,
  waitAny,
  locks as webLocks,
} from 'crossmem';

const options: MappedFileOptions = {
  access: 'readwrite',
  offset: 5n,
  length: 10,
  onFault: (fault: Fault) => console.log(fault.kind satisfies 'truncated' | Fault['kind']),
};
const file: MappedFile = MappedFile.open('file', options);
const mapping: Mapping = file;
const opened: Promise<MappedFile> = MappedFile.openAsync(new URL('file:///file'));
const memory: Mapping = Mapping.anonymous({ size: 4096 });
const residency: Residency = memory.residency({ offset: 0 });
const found: number = mapping.indexOf('x', 5n) + memory.indexOf(Buffer.from('x'), { offset: 1 });
const copied: number = file.read(new Uint16Array(2), { targetOffset: 1 });
const hints: readonly Advice[] = Mapping.advice;
const error = new CrossmemError('ENOENT', 'text', { errno: -2 });
const number: number | undefined = error.errno;

async function verbs(signal: AbortSignal): Promise<void> {
  await mapping.prefetch({ signal, onProgress: ({ done, total }) => done / total });
  const index: number = await mapping.indexOfAsync('x', { offset: 1, signal });
  await mapping.flush({ durable: index === 0 });
  using scoped = MappedFile.open(3);
  scoped.advise('sequential');
}

// @ts-expect-error: an unknown hint
mapping.advise('never');
// @ts-expect-error: an unknown access
MappedFile.open('file', { access: 'write' });
// @ts-expect-error: a size is needed
Mapping.anonymous({});
// @ts-expect-error: nobody makes mappings with new
new MappedFile();
// @ts-expect-error: as opened, not to be changed
file.size = 5;

const shared: SharedMemory = SharedMemory.create('name', { size: 5n, mode: '0640' });
const base: Mapping = SharedMemory.openOrCreate('name', { size: 5, persist: 'manual' });
const later: Promise<SharedMemory> = SharedMemory.openAsync('name', { access: 'read' });
const handed: SharedMemory = SharedMemory.fromFd(
  SharedMemory.anonymous({ size: 1, seal: true }).fd,
);
const seals: Seal[] = handed.seals;
const listed: SegmentStatus[] = SharedMemory.list();
const alive: boolean | undefined = SharedMemory.stat('name').attached;
const named: string | undefined = shared.name;

async function locks(signal: AbortSignal): Promise<LockMode> {
  using lock = await FileLock.lock('file', { mode: 'shared', timeout: 5, signal });
  await lock.upgrade({ timeout: 5 });
  const other: FileLock | null = FileLock.tryLock(3, { start: 1n, length: 2 });
  return other?.mode ?? FileLock.lockSync('file').mode;
}

async function processes(signal: AbortSignal): Promise<string> {
  using mutex = Mutex.at(handed, 64n, { statistics: true });
  using guard: Guard = await mutex.lock({ timeout: 5, signal });
  const died: boolean = guard.ownerDied;
  const since: Date | undefined = mutex.holder()?.since;
  const answer: number = await mutex.run(() => 42);
  const lock = RwLock.open('name');
  const reader: RwGuard = await lock.lockShared();
  const mode: RwMode = reader.mode;
  const permits: Guard | null = Semaphore.open('name', { permits: 3 }).tryAcquire(2);
  const event = Event.open('name', { reset: 'auto', set: true });
  const first: AnyResult = await waitAny([mutex, event, lock.wanting('shared')], { signal });
  const all: (Guard | undefined)[] = waitAllSync([mutex, event], { timeout: 1 });
  const last: boolean = await Barrier.open('name', { parties: 2 }).arrive();
  await Condition.open('name').wait(guard, { timeout: 1 });
  const left: number = CountingSemaphore.open('name', { initial: 1 }).value;
  const web: string = await webLocks.request(
    'name',
    { mode: 'shared' },
    (held) => held?.name ?? '',
  );
  return `${died}${since}${answer}${mode}${permits}${first.index}${all}${last}${left}${web}`;
}

async function messages(signal: AbortSignal): Promise<number> {
  using jobs = Queue.open<{ job: number }>('name', { codec: 'structured', capacity: 1n << 20n });
  await jobs.sendMany([{ job: 1 }], { timeout: 5, signal });
  const sent: number = jobs.trySendMany([{ job: 2 }, { job: 3 }]);
  // @ts-expect-error: it is another type
  jobs.trySend({ job: 'x' });
  using lease: Lease<{ job: number }> = await jobs.lease({ signal });
  const job: number = lease.value.job + lease.redelivered;
  const many: { job: number }[] = jobs.tryReceiveMany(5);
  const batch = new MessageBatch(4096n);
  if (batch.allocate(8) >= 0 && batch.add(new Float64Array(1)))
    await jobs.sendBatch(batch, { signal });
  const packed: number = jobs.trySendBatch(batch, 1) + (await jobs.receiveBatch(batch));
  for (const one of batch) one satisfies Uint8Array;
  const bytes = Queue.open('name');
  bytes.sendSync(new DataView(new ArrayBuffer(5)), { timeout: 1 });
  const message: Uint8Array = bytes.receiveSync({ spin: 0.1, timeout: 1 });
  const prices = Topic.open('name', { codec: record({ x: 'float64' }), whenFull: 'overwrite' });
  prices.publishSync({ x: 1 });
  for await (const { x } of prices.subscribe({ from: 'earliest' })) x satisfies number;
  // @ts-expect-error: there is no such policy
  Topic.open('name', { whenFull: 'never' });
  return sent + job + packed + many.length + message.length;
}

async function newest(signal: AbortSignal): Promise<number> {
  using frames = Latest.open('name', { size: 5n });
  await frames.set(new DataView(new ArrayBuffer(5)), { timeout: 5, signal });
  const frame: Uint8Array | undefined = frames.get();
  const look: Look | undefined = frames.look();
  const whole: boolean = look?.valid() ?? frame === undefined;
  using reserved: Reservation = await frames.reserve(undefined, { signal });
  reserved.buffer.fill(1);
  const point = Latest.at(handed, 64, { codec: record({ x: 'float64' }) });
  const x: number | undefined = point.get()?.x;
  for await (const value of point.values({ since: 5, timeout: 1, signal }))
    value.x satisfies number;
  const settings = Latest.open<{ on: boolean }>('name', { codec: 'json' });
  const set: boolean = settings.trySet({ on: true });
  // @ts-expect-error: it is another type
  settings.trySet({ on: 1 });
  // @ts-expect-error: a synchronous wait has no signal
  settings.changedSync({ signal });
  return (await settings.changed({ since: settings.version })) + Number(whole || set) + (x ?? 0);
}

// @ts-expect-error: nobody makes locks with new
new Mutex();
// @ts-expect-error: a synchronous wait has no signal
Mutex.open('name').lockSync({ signal: AbortSignal.abort() });
// @ts-expect-error: an unknown kind of event
Event.open('name', { reset: 'never' });
// @ts-expect-error: what only the library calls
Mutex.open('name').giveBack(0, true);

// @ts-expect-error: a size is needed
SharedMemory.create('name', {});
// @ts-expect-error: an unknown lifetime
SharedMemory.create('name', { size: 1, persist: 'for-ever' });
// @ts-expect-error: a synchronous wait has no signal
FileLock.lockSync('file', { signal: AbortSignal.abort() });

export {
  alive,
  base,
  copied,
  found,
  hints,
  later,
  listed,
  locks,
  messages,
  named,
  newest,
  number,
  opened,
  processes,
  residency,
  seals,
  verbs,
};
