// Mapping: an address range as a JavaScript object, and every verb on it.
import { constants } from 'node:buffer';
import { invalidType, outOfRange } from './errors.js';
import {
  type Access,
  type Advice,
  type AnonymousOptions,
  type Fault,
  type FlushOptions,
  type Protection,
  protections,
  type ReadOptions,
  type Residency,
  type WriteOptions,
} from './mapping-types.js';
import {
  addon,
  closeNative,
  facts,
  type NativeMapping,
  type OpenRequest,
  openNative,
} from './native.js';
import { type OperationOptions, run } from './operation.js';
import {
  asRange,
  type Bytes,
  checkBit,
  checkBytes,
  checkCopy,
  checkFlag,
  checkFunction,
  checkObject,
  checkOneOf,
  checkOptionalBytes,
  checkPattern,
  checkRange,
  checkString,
  type RangeOptions,
} from './validate.js';

const GiB = 2 ** 30;
/** What Buffer's own methods can handle everywhere. */
const largestView = Math.min(4 * GiB, constants.MAX_LENGTH);
/** Windows begin every so many bytes and are twice as long: any view of half that fits in one. */
const windowStep = largestView / 2;

function checkAnonymous(given: AnonymousOptions): OpenRequest {
  if (given === undefined) throw invalidType('options', 'of type object', given);
  const options = checkObject('options', given);
  checkFunction('options.onFault', options.onFault);
  const flags =
    checkBit('populate', options, false) |
    checkBit('hugePages', options, false) |
    checkBit('lock', options, false) |
    checkBit('reserve', options, true) |
    checkBit('faultGuard', options, true);
  const size = checkBytes('options.size', options.size);
  return [null, flags, 0, 0, undefined, size, undefined];
}

/** Only the library itself can pass it. */
export const internal = Symbol('crossmem.internal');

/** What the addon knows a mapping by. */
export let nativeOf: (mapping: Mapping) => NativeMapping;

/** What a subclass passes up. */
export interface MappingParts {
  native: NativeMapping;
  access: Access;
  onFault: ((fault: Fault) => void) | undefined;
}

/**
 * An address range over a file or over memory: the base of {@link MappedFile}, and anonymous memory
 * by {@link Mapping.anonymous}.
 *
 * Offsets and sizes are bytes from the start of the mapping, numbers or bigints up to 2^53 - 1; any
 * value, aligned inside. Every verb throws `ERR_CROSSMEM_CLOSED` after {@link close},
 * `ERR_OUT_OF_RANGE` for a range outside the mapping, and `ERR_CROSSMEM_FAULT` if the fault guard
 * repaired a page since the last verb: once per fault, {@link fault} goes on telling.
 *
 * A mapping belongs to the thread that opened it; other workers open the same file. Memory itself is
 * shared between threads and processes like any shared memory: use `Atomics` where it matters.
 */
export class Mapping implements Disposable {
  #native: NativeMapping;
  readonly #listens: boolean;
  readonly #access: Access;
  #closed = false;
  /** ArrayBuffers by window; the first one is the whole mapping if that is small enough. */
  #windows: ArrayBuffer[] = [];
  #whole: ArrayBuffer | undefined;
  #shared: SharedArrayBuffer | undefined;

  static {
    nativeOf = (mapping) => mapping.#native;
  }

  protected constructor(token: symbol, parts: object) {
    if (token !== internal) {
      throw Object.assign(new TypeError('Illegal constructor'), {
        code: 'ERR_ILLEGAL_CONSTRUCTOR',
      });
    }
    const { native, access, onFault } = parts as MappingParts;
    this.#native = native;
    this.#access = access;
    this.#listens = onFault !== undefined;
    if (onFault !== undefined) {
      native.onfault = onFault;
      native.listen(true);
    }
  }

  /**
   * Zeroed memory of this process, whole pages, given back at {@link close} (mmap(2)
   * MAP_ANONYMOUS). Throws `ENOMEM`.
   */
  static anonymous(options: AnonymousOptions): Mapping {
    const native = openNative(checkAnonymous(options));
    return new Mapping(internal, { native, access: 'readwrite', onFault: options.onFault });
  }

  /** {@link anonymous} on another thread: `populate` and `lock` may take long. */
  static async anonymousAsync(options: AnonymousOptions): Promise<Mapping> {
    const request = checkAnonymous(options);
    const native = await run<NativeMapping>((_, done) => addon.open(undefined, done, ...request));
    return new Mapping(internal, { native, access: 'readwrite', onFault: options.onFault });
  }

  /** Bytes; 0 once closed. */
  get size(): number {
    return this.#native.size();
  }

  /** As opened. */
  get access(): Access {
    return this.#access;
  }

  /**
   * The descriptor of the file or the memory, for {@link FileLock} or a child's `stdio`; -1 if there
   * is none, and on Windows, where a mapping has handles. It stays the mapping's, which alone may close it: valid until {@link close}.
   */
  get fd(): number {
    return this.#native.descriptor();
  }

  /** True after {@link close}. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The last fault that was repaired, with the count of all, or null. Never throws. */
  get fault(): Fault | null {
    return this.#native.fault();
  }

  /**
   * The whole mapping as a Buffer, zero-copy. A RangeError where one Buffer cannot hold it (4 GiB on
   * Node.js 18 and 20): take {@link view}s. Empty after {@link close}, as are all views.
   */
  get buffer(): Buffer {
    return Buffer.from(this.arrayBuffer);
  }

  /** The whole mapping as an ArrayBuffer, zero-copy, on which `Atomics` work between processes. */
  get arrayBuffer(): ArrayBuffer {
    const size = this.#native.enter();
    if (size <= largestView) return this.#window(0, size);
    if (size > constants.MAX_LENGTH) {
      throw outOfRange(
        'size',
        `<= ${constants.MAX_LENGTH} for one Buffer on this Node.js; use view(offset, length)`,
        size,
      );
    }
    if (!this.#whole || this.#whole.byteLength === 0) {
      this.#whole = this.#native.arrayBuffer(0, size);
    }
    return this.#whole;
  }

  /**
   * The whole mapping as a SharedArrayBuffer, which worker threads can be sent. Where the runtime
   * can: recent releases of Node.js 22, 24 and 26; elsewhere `ERR_CROSSMEM_UNSUPPORTED`. It cannot be detached: after
   * {@link close} it reads as zeroes.
   */
  get sharedBuffer(): SharedArrayBuffer {
    this.#native.enter();
    this.#shared ??= this.#native.sharedArrayBuffer();
    return this.#shared;
  }

  /**
   * A Buffer on a part of the mapping, zero-copy, at any offset.
   * @param offset First byte. Default 0.
   * @param length Bytes, at most 4 GiB. Default: to the end, or 4 GiB if there is more.
   */
  view(offset: Bytes = 0, length?: Bytes): Buffer {
    const first = checkBytes('offset', offset);
    const size = this.#native.enter();
    const count =
      checkOptionalBytes('length', length) ?? Math.min(Math.max(size - first, 0), largestView);
    if (count > largestView) throw outOfRange('length', `<= ${largestView}`, count);
    const index = Math.floor(first / windowStep);
    const start = first - index * windowStep;
    const inWindow = count > 0 && first + count <= size && start + count <= largestView;
    if (inWindow) return Buffer.from(this.#window(index, size), start, count);
    // Across windows, or empty, or not inside: then the core says what is wrong.
    return Buffer.from(this.#native.arrayBuffer(first, count));
  }

  #window(index: number, size: number): ArrayBuffer {
    const known = this.#windows[index];
    // One that was transferred away has length 0.
    if (known !== undefined && known.byteLength > 0) return known;
    const offset = index * windowStep;
    const fresh = this.#native.arrayBuffer(offset, Math.min(largestView, size - offset));
    this.#windows[index] = fresh;
    return fresh;
  }

  /**
   * Copies bytes of the mapping into `target` and returns how many. Works in every runtime. Blocks
   * while pages are read from disk; {@link readAsync} does not.
   */
  read(target: ArrayBufferView | ArrayBufferLike, options?: ReadOptions): number {
    const [bytes, offset] = checkCopy('target', target, options);
    this.#native.read(bytes, offset);
    return bytes.length;
  }

  /** {@link read}, with the pages brought into RAM on another thread first. */
  async readAsync(
    target: ArrayBufferView | ArrayBufferLike,
    options?: ReadOptions & OperationOptions,
  ): Promise<number> {
    const [bytes, offset] = checkCopy('target', target, options);
    await this.prefetch({ ...options, offset, length: bytes.length });
    return this.read(target, options);
  }

  /**
   * Copies `source` into the mapping and returns how many bytes. Works in every runtime. May block;
   * {@link writeAsync} does less so.
   */
  write(source: ArrayBufferView | ArrayBufferLike | string, options?: WriteOptions): number {
    const memory = typeof source === 'string' ? Buffer.from(source) : source;
    const [bytes, offset] = checkCopy('source', memory, options);
    this.#native.write(bytes, offset);
    return bytes.length;
  }

  /** {@link write}, with the pages brought into RAM on another thread first. */
  async writeAsync(
    source: ArrayBufferView | ArrayBufferLike | string,
    options?: WriteOptions & OperationOptions,
  ): Promise<number> {
    const memory = typeof source === 'string' ? Buffer.from(source) : source;
    const [bytes, offset] = checkCopy('source', memory, options);
    await this.prefetch({ ...options, offset, length: bytes.length });
    return this.write(memory, options);
  }

  /**
   * Resolves when changed pages of the range are written to the file (msync(2) MS_SYNC), with
   * `durable` also its metadata and the device's cache (fsync(2); F_FULLFSYNC on macOS). Other
   * processes see changes without it.
   */
  async flush(options?: FlushOptions): Promise<void> {
    const [offset, length] = checkRange(options);
    const durable = checkFlag('options.durable', options?.durable, false);
    return run((_, done) => this.#native.flush(undefined, done, offset, length, durable));
  }

  /** {@link flush}, blocking this thread. */
  flushSync(options?: FlushOptions): void {
    const [offset, length] = checkRange(options);
    const durable = checkFlag('options.durable', options?.durable, false);
    this.#native.flushSync(offset, length, durable);
  }

  /**
   * Tells the kernel how the range will be used (madvise(2), posix_madvise(3)). `dontneed`, `free`
   * and `remove` can lose data. `ERR_CROSSMEM_UNSUPPORTED` where the system has no such hint; see
   * {@link Mapping.advice}. `collapse`, `pageout` and `populate-*` may take long:
   * {@link adviseAsync}.
   */
  advise(advice: Advice, range?: RangeOptions): void {
    const name = checkString('advice', advice);
    this.#native.adviseSync(...checkRange(range), name);
  }

  /** {@link advise} on another thread. */
  async adviseAsync(advice: Advice, range?: RangeOptions): Promise<void> {
    const name = checkString('advice', advice);
    const [offset, length] = checkRange(range);
    return run((_, done) => this.#native.advise(undefined, done, offset, length, name));
  }

  /** The hints that this system has. */
  static get advice(): readonly Advice[] {
    return facts.advice as Advice[];
  }

  /** Bytes in a page of memory. */
  static get pageSize(): number {
    return facts.pageSize;
  }

  /**
   * Brings the range into RAM and into the page table on another thread, so that touching it later
   * costs nothing. `ERR_CROSSMEM_FAULT` if a page is missing. Cancelled by `signal` or
   * {@link close} between steps of 8 MiB.
   */
  async prefetch(options?: RangeOptions & OperationOptions): Promise<void> {
    const [offset, length] = checkRange(options);
    return run((progress, done) => this.#native.prefetch(progress, done, offset, length), options);
  }

  /** Which pages of the range are in RAM (mincore(2)). Up to 14 ms per GiB. */
  residency(range?: RangeOptions): Residency {
    return this.#native.residencySync(...checkRange(range));
  }

  /** {@link residency} on another thread. */
  async residencyAsync(range?: RangeOptions): Promise<Residency> {
    const [offset, length] = checkRange(range);
    return run((_, done) => this.#native.residency(undefined, done, offset, length));
  }

  /**
   * Keeps the pages of the range in RAM until {@link unlock} or {@link close} (mlock(2)); locks do
   * not nest. `ENOMEM`, `EPERM` or `EAGAIN` beyond RLIMIT_MEMLOCK. Blocks while pages are read.
   */
  lock(range?: RangeOptions): void {
    this.#native.lockSync(...checkRange(range));
  }

  /** {@link lock} on another thread. */
  async lockAsync(range?: RangeOptions): Promise<void> {
    const [offset, length] = checkRange(range);
    return run((_, done) => this.#native.lock(undefined, done, offset, length));
  }

  /** Undoes {@link lock}. */
  unlock(range?: RangeOptions): void {
    this.#native.unlockSync(...checkRange(range));
  }

  /**
   * Changes what loads and stores may do in the pages of the range (mprotect(2)). `EACCES` where the
   * file was not opened for it. Brings pages of the range that were repaired after a fault back to
   * the file.
   */
  protect(protection: Protection, range?: RangeOptions): void {
    const name = checkOneOf('protection', protection, protections);
    this.#native.protect(...checkRange(range), name);
  }

  /**
   * Makes the mapping `size` bytes long. A file grows with real blocks (`ENOSPC` when there is no
   * room, and then nothing has changed) and shrinks by truncation. Views taken before are detached,
   * new ones follow; advice, locks and protections are to be set anew. Only `'readwrite'` and
   * anonymous mappings. Blocks; {@link resizeAsync} does not.
   */
  resize(size: Bytes): void {
    const bytes = checkBytes('size', size);
    this.#native.resize(bytes);
    this.#forget();
  }

  /** {@link resize} with the file's blocks allocated and freed on another thread. */
  async resizeAsync(size: Bytes): Promise<void> {
    const bytes = checkBytes('size', size);
    const before = this.size;
    await run((_, done) => this.#native.reserve(undefined, done, bytes));
    this.#native.remap(bytes);
    this.#forget();
    if (bytes >= before) return;
    try {
      await run((_, done) => this.#native.truncate(undefined, done));
    } catch (error) {
      if (!this.#closed) this.#native.remap(before);
      throw error;
    }
  }

  /**
   * Maps the file anew: forgets {@link fault}, brings repaired pages back, and follows the file's
   * present size if no length was given at open (views are then detached). Changes of a
   * `'private'` mapping are lost. `ERR_OUT_OF_RANGE` if the file is too short now.
   */
  refresh(): void {
    const before = this.size;
    this.#native.refresh();
    if (this.size !== before) this.#forget();
  }

  /**
   * Offset of the first occurrence of `value` that lies wholly in the range, or -1; over the whole
   * mapping, however large. A string is searched as UTF-8, a number as one byte. Scans some GiB a
   * second; {@link indexOfAsync} on another thread.
   * @param from First byte to look at, or a range.
   */
  indexOf(value: Uint8Array | string | number, from?: Bytes | RangeOptions): number {
    const pattern = checkPattern(value);
    return this.#native.findSync(...checkRange(asRange(from)), pattern);
  }

  /** {@link indexOf} on another thread, with `signal` and `onProgress`. */
  async indexOfAsync(
    value: Uint8Array | string | number,
    from?: Bytes | (RangeOptions & OperationOptions),
  ): Promise<number> {
    const pattern = checkPattern(value);
    const options = asRange(from);
    const [offset, length] = checkRange(options);
    return run(
      (progress, done) => this.#native.find(progress, done, offset, length, pattern),
      options,
    );
  }

  /**
   * Lets the file and its memory go now: every view becomes empty (`byteLength` 0). One whose memory
   * was transferred away, and a {@link sharedBuffer}, reads as zeroes from now on. Pending operations
   * reject or finish harmlessly. Twice is fine.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#listens) this.#native.onfault = undefined;
    // A fault that is on its way to a listener must not reach the next mapping's.
    this.#native = closeNative(this.#native, !this.#listens);
    this.#forget();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #forget(): void {
    this.#windows = [];
    this.#whole = undefined;
    this.#shared = undefined;
  }
}
