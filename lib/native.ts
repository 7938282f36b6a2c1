// Says in types what the addon offers.
import { makeError } from './errors.js';
import { loadAddon } from './locate.js';
import type { KernelObjects } from './native-windows.js';

/** Called once, with an error or with the result. */
export type Callback<T> = (error: Error | undefined, value: T) => void;
export type ProgressCallback = (done: number, total: number) => void;
export type Cancel = () => void;

/** A verb on the library's threads. */
type Later<Arguments extends unknown[], Result> = (
  onProgress: ProgressCallback | undefined,
  callback: Callback<Result>,
  ...rest: Arguments
) => Cancel;

type RangeArguments = [offset: number, length: number | undefined];

export interface NativeFault {
  /** Why the page could not be reached as asked. */
  kind: 'truncated' | 'no-space' | 'io-error' | 'read-only' | 'protected';
  /** Bytes from the start of the mapping to the page. */
  offset: number;
  /** Bytes of the mapping that the page holds. */
  length: number;
  /** All faults of the mapping since it was opened or refreshed, this one included. */
  count: number;
}

export interface NativeResidency {
  pageSize: number;
  pages: number;
  resident: number;
  bitmap: Uint8Array;
}

/** What is known of a segment's name. */
export interface NativeSegmentStatus {
  /** Without a slash before it. */
  name: string;
  /** Bytes. */
  size: number;
  /** Permission bits. */
  mode: number;
  /** The user who owns it. */
  uid: number;
  /** How long the name lives; `'manual'` for segments of other programs. */
  persist: 'last-close' | 'manual';
  attached?: boolean;
}

/** Bits of a lock request, as addon/lock_binding.cc has them. */
export const lockFlags = { exclusive: 1, flock: 2 } as const;

/** What to lock: a path or a descriptor, the bits of {@link lockFlags}, and a range. */
export type LockRequest = [
  target: string | number,
  flags: number,
  start: number | undefined,
  length: number | undefined,
];
type Timeout = number | undefined;

export interface NativeMapping {
  open(
    source: string | number | null,
    flags?: number,
    mode?: number,
    offset?: number,
    length?: number,
    size?: number,
    advice?: string,
  ): void;
  onfault?: ((fault: NativeFault) => void) | undefined;
  /** Bytes; 0 once closed. */
  size(): number;
  /** The same at the start of a verb: throws if closed, or for a fault not told yet. */
  enter(): number;
  /** -1 if there is none. */
  descriptor(): number;
  created(): boolean;
  persists(): boolean;
  arrayBuffer(offset: number, length: number): ArrayBuffer;
  sharedArrayBuffer(): SharedArrayBuffer;
  read(target: Uint8Array, offset: number): void;
  write(source: Uint8Array, offset: number): void;
  flush: Later<[...RangeArguments, durable: boolean], void>;
  flushSync(...rest: [...RangeArguments, durable: boolean]): void;
  advise: Later<[...RangeArguments, advice: string], void>;
  adviseSync(...rest: [...RangeArguments, advice: string]): void;
  prefetch: Later<RangeArguments, void>;
  residency: Later<RangeArguments, NativeResidency>;
  residencySync(...rest: RangeArguments): NativeResidency;
  lock: Later<RangeArguments, void>;
  lockSync(...rest: RangeArguments): void;
  unlockSync(...rest: RangeArguments): void;
  find: Later<[...RangeArguments, pattern: Uint8Array], number>;
  findSync(...rest: [...RangeArguments, pattern: Uint8Array]): number;
  protect(...rest: [...RangeArguments, protection: string]): void;
  reserve: Later<[size: number], void>;
  truncate: Later<[], void>;
  remap(size: number): void;
  resize(size: number): void;
  refresh(): void;
  fault(): NativeFault | null;
  listen(on: boolean): void;
  close(): void;
}

/**
 * What to open: a path, a segment's name, a descriptor, or null for anonymous memory; and how, if not
 * by default. The flags are bits of {@link facts}.flags.
 */
export type OpenRequest = [
  source: string | number | null,
  flags?: number,
  mode?: number,
  offset?: number,
  length?: number | undefined,
  size?: number | undefined,
  advice?: string | undefined,
];

type Flag =
  | 'readwrite'
  | 'private'
  | 'create'
  | 'exclusive'
  | 'populate'
  | 'hugePages'
  | 'lock'
  | 'reserve'
  | 'faultGuard'
  | 'allowBeyondEnd'
  | 'keepDescriptor'
  | 'segment'
  | 'unnamed'
  | 'manual'
  | 'allowForeign';

/** What an object is, as addon/object_binding.cc has it. */
export const kinds = {
  mutex: 0,
  rwLock: 1,
  semaphore: 2,
  countingSemaphore: 3,
  event: 4,
  condition: 5,
  barrier: 6,
  lockManager: 7,
  queue: 8,
  topic: 9,
  latest: 10,
} as const;
/** Bits of a request to a lock manager. */
export const requestFlags = { shared: 1, steal: 2, ifAvailable: 4 } as const;
/** Ways of holding a reader-writer lock; of a semaphore, how many. */
export const ways = { shared: 0, upgradeable: 1, exclusive: 2, upgrade: 3 } as const;
/** Bits of an event's parameter. */
export const eventFlags = { automatic: 1, initiallySet: 2 } as const;
/** Beside a topic's capacity: it overwrites. */
export const overwriteFlag = 2 ** 31;
/** How something was got, as addon/wait_binding.cc tells it. */
export const got = { nothing: 0, acquired: 1, ownerDied: 2, last: 3 } as const;

/** Objects, how each is wanted, and whether all are. */
type WaitRequest = [objects: readonly number[], ways: readonly number[], all: boolean];
/** Which of them (0 if all are), and how each was got; undefined if the time was over. */
export type WaitResult = [index: number, ...got: number[]] | undefined;

export interface NativeHolder {
  pid: number;
  program: string;
  started: number;
  dead: boolean;
  since?: number;
}

interface Addon {
  /** On Windows. */
  win32?: KernelObjects;
  initialize(makeErrorFunction: typeof makeError): {
    pageSize: number;
    advice: string[];
    flags: Record<Flag, number>;
    rangeLocks: boolean;
    seals: boolean;
  };
  NativeMapping: new () => NativeMapping;
  open: Later<OpenRequest, NativeMapping>;
  unlinkSegment(name: string): boolean;
  statSegment(name: string): NativeSegmentStatus | undefined;
  listSegments(): NativeSegmentStatus[];
  cleanSegments(): string[];
  addSeals(descriptor: number, seals: readonly string[]): void;
  sealsOf(descriptor: number): string[];
  /** Locks are numbers, 0 for one that was not got; they are held until released. */
  tryLock(target: string | number, flags: number, start?: number, length?: number): number;
  lockSync(...rest: [...LockRequest, Timeout]): number;
  lock: Later<[...LockRequest, Timeout], number>;
  tryUpgrade(lock: number): boolean;
  upgradeSync(lock: number, timeout: Timeout): boolean;
  upgrade: Later<[lock: number, Timeout], boolean>;
  downgrade(lock: number): void;
  release(lock: number): void;
  /** Objects are numbers too; they are open until closed. */
  openObject(kind: number, parameter: number | undefined, name: string): number;
  openObject(
    kind: number,
    parameter: number | undefined,
    mapping: NativeMapping,
    offset: number,
  ): number;
  unlinkObject(name: string): boolean;
  closeObject(object: number): void;
  agentWord(): number;
  objectMemory(object: number): ArrayBuffer;
  tryObject(object: number, way: number): number;
  waitSync(...rest: [...WaitRequest, Timeout]): WaitResult;
  wait: Later<[...WaitRequest, Timeout, loopStays: boolean], WaitResult>;
  /** A descriptor that is readable once a sleep may be over; undefined where there is no such. */
  openDoorbell(): number | undefined;
  /** 0 if there is nothing to sleep for; -1 if only {@link wait} can tell; or a number. */
  beginSleep(object: number, way: number): number;
  /** Whether nothing has come for any of them, rung or not. */
  allAsleep(): boolean;
  endSleep(sleep: number): void;
  /** Returns once others that want this processor have had it: at once, if there are none. */
  yieldProcessor(): void;
  waitCondition(
    condition: number,
    mutex: number,
    whole: boolean,
    timeout: Timeout,
  ): [notified: boolean, got: number];
  releaseObject(object: number, way: number, whole: boolean): void;
  downgradeObject(object: number, from: number, to: number, whole: boolean): void;
  holdersOf(object: number): NativeHolder[];
  notifyCondition(object: number, all: boolean): void;
  setEvent(object: number, on: boolean): void;
  objectValue(object: number): number;
  objectParameter(object: number): number;
  waitersOf(object: number): number;
  /** The caller numbers its requests; false if it was not available. */
  requestLock: Later<
    [manager: number, name: string, id: number, flags: number, loopStays: boolean],
    boolean
  >;
  releaseRequest(manager: number, id: number): boolean;
  /** Messages that are held are numbers; `offset` is of their object's memory. */
  sendMessage(queue: number, message: Uint8Array, tag: number): boolean;
  receiveMessage(queue: number): [bytes: Uint8Array, tag: number] | undefined;
  reserveMessage(
    queue: number,
    length: number,
    tag: number,
  ): [message: number, offset: number, length: number] | undefined;
  leaseMessage(
    queue: number,
  ):
    | [
        message: number,
        offset: number,
        length: number,
        tag: number,
        sequence: number,
        redelivered: number,
      ]
    | undefined;
  copyMessage(message: number): Uint8Array;
  fillMessage(message: number, bytes: Uint8Array): void;
  /** Committed or acknowledged if all is well, otherwise cancelled or given back. */
  endMessage(message: number, well: boolean): void;
  topicOverwrites(topic: number): boolean;
  publishMessage(topic: number, message: Uint8Array, tag: number): boolean;
  /** A subscription is an object. */
  subscribe(topic: number, fromEarliest: boolean): number;
  unsubscribe(subscription: number): void;
  readMessage(subscription: number): [bytes: Uint8Array, tag: number] | undefined;
  lostMessages(subscription: number): number;
  latestSize(longest: number): number;
  setLatest(latest: number, value: Uint8Array, tag: number): boolean;
  getLatest(latest: number): [bytes: Uint8Array, tag: number, version: number] | undefined;
  reserveLatest(
    latest: number,
    length: number,
    tag: number,
  ): [message: number, offset: number, length: number] | undefined;
  finishStep(queue: number, ofConsumers: boolean, unlock: boolean, wake: boolean): void;
  queryLocks(
    manager: number,
  ): { name: string; exclusive: boolean; held: boolean; client: number }[];
}

export const addon = loadAddon() as Addon;
export const facts = addon.initialize(makeError);

/**
 * Native halves of closed mappings, to be opened again: to make such an object takes longer than to
 * open a small file.
 */
const spare: NativeMapping[] = [];
const mostSpare = 16;

export function openNative(r: OpenRequest): NativeMapping {
  const native = spare.pop() ?? new addon.NativeMapping();
  try {
    // By index: spreading or destructuring costs more than the rest of this function.
    if (r.length === 1) native.open(r[0]);
    else native.open(r[0], r[1], r[2], r[3], r[4], r[5], r[6]);
    return native;
  } catch (error) {
    spare.push(native);
    throw error;
  }
}

/** What a closed mapping has instead of its own: every verb of it says that it is closed. */
let closedNative: NativeMapping | undefined;

/** Closes; the caller must forget `native` for what is returned. */
export function closeNative(native: NativeMapping, mayBeUsedAgain: boolean): NativeMapping {
  if (closedNative === undefined) {
    closedNative = openNative([null, 0, 0, 0, undefined, 1, undefined]);
    closedNative.close();
  }
  native.close();
  if (mayBeUsedAgain && spare.length < mostSpare) spare.push(native);
  return closedNative;
}
