// SharedMemory: memory that processes meet on by name, or hand over as a descriptor.
import { constants } from 'node:os';
import { invalidType, invalidValue, makeError } from './errors.js';
import { internal, Mapping } from './mapping.js';
import type { Access } from './mapping-types.js';
import {
  addon,
  facts,
  type NativeMapping,
  type NativeSegmentStatus,
  type OpenRequest,
  openNative,
} from './native.js';
import {
  checkAccess,
  checkAdvice,
  checkMode,
  checkOpenOptions,
  checkSource,
  type OpenOptions,
} from './open-options.js';
import { run } from './operation.js';
import {
  type Bytes,
  checkBit,
  checkBytes,
  checkObject,
  checkOneOf,
  checkOptionalBytes,
  checkString,
} from './validate.js';

/**
 * How long a name lives. `'last-close'`: until the last process that opened it through crossmem has
 * closed it or died. `'manual'`: until {@link SharedMemory.unlink}.
 */
export type Persist = 'last-close' | 'manual';

/**
 * What nobody can do any more to memory that was handed over (Linux's file seals, fcntl(2)
 * F_ADD_SEALS): add seals, make it shorter or longer, change its contents at all or through mappings
 * that are still to come, make it executable.
 */
export type Seal = 'seal' | 'shrink' | 'grow' | 'write' | 'future-write' | 'exec';

/** Options of {@link SharedMemory.open}. */
export interface SharedMemoryOpenOptions extends OpenOptions {
  /** Default `'readwrite'`. */
  access?: Access | undefined;
  /** Bytes to map, at least 1. Default: all, which {@link Mapping.refresh} follows. */
  size?: Bytes | undefined;
  /** Open also what another user owns, who may change it at any moment. Default `false`. */
  allowForeign?: boolean | undefined;
}

/** Options of {@link SharedMemory.create} and {@link SharedMemory.openOrCreate}. */
export interface SharedMemoryCreateOptions extends OpenOptions {
  /** Bytes, at least 1; with real pages, so that lack of room is `ENOSPC` now and no fault later. */
  size: Bytes;
  /** Permissions, exactly; a number or octal text. Default 0o600: this user alone. */
  mode?: number | string | undefined;
  /** Default `'last-close'`. */
  persist?: Persist | undefined;
  /** `openOrCreate`: see {@link SharedMemoryOpenOptions.allowForeign}. */
  allowForeign?: boolean | undefined;
}

/** Options of {@link SharedMemory.anonymous}. */
export interface SharedMemoryAnonymousOptions extends OpenOptions {
  /** Bytes, at least 1. */
  size: Bytes;
  /** Seals to add at once; `true` fixes the size for ever. Default none. */
  seal?: boolean | readonly Seal[] | undefined;
}

/** What {@link SharedMemory.stat} and {@link SharedMemory.list} tell of a name. */
export interface SegmentStatus extends Readonly<NativeSegmentStatus> {
  /**
   * Whether a living process has it open through crossmem: false is a proven leftover. Undefined
   * where nobody can say: `'manual'` segments, and those of users who keep theirs to themselves.
   */
  readonly attached?: boolean;
}

const persists: readonly Persist[] = ['last-close', 'manual'];
const seals: readonly Seal[] = ['seal', 'shrink', 'grow', 'write', 'future-write', 'exec'];
const fixedSize: readonly Seal[] = ['shrink', 'grow', 'seal'];

function checkName(value: unknown): string {
  const name = checkString('name', value);
  // What UTF-8 cannot carry would become another name on the way.
  if (/\p{Surrogate}/u.test(name)) throw invalidValue('name', 'well-formed Unicode', name);
  return name;
}

function required<T extends object>(options: T | undefined): Partial<T> {
  if (options === undefined) throw invalidType('options', 'of type object', options);
  return checkObject('options', options);
}

function openRequest(source: string | number, given?: SharedMemoryOpenOptions): OpenRequest {
  const options = checkObject('options', given);
  const flags =
    facts.flags.segment |
    checkAccess(options.access, 'readwrite') |
    checkOpenOptions(options) |
    checkBit('allowForeign', options, false);
  const size = checkOptionalBytes('options.size', options.size);
  return [source, flags, 0, 0, undefined, size, checkAdvice(options)];
}

function createRequest(
  name: string,
  given: SharedMemoryCreateOptions,
  how: 'create' | 'exclusive',
): OpenRequest {
  const options = required(given);
  const { persist = 'last-close' } = options;
  const manual = checkOneOf('options.persist', persist, persists) === 'manual';
  const flags =
    facts.flags.segment |
    facts.flags.readwrite |
    facts.flags[how] |
    (manual ? facts.flags.manual : 0) |
    checkOpenOptions(options) |
    checkBit('allowForeign', options, false);
  const size = checkBytes('options.size', options.size);
  return [name, flags, checkMode(options.mode), 0, undefined, size, checkAdvice(options)];
}

function checkSeals(given: unknown): readonly Seal[] {
  if (given === undefined || given === false) return [];
  if (given === true) return fixedSize;
  if (!Array.isArray(given)) throw invalidType('options.seal', 'a boolean or an array', given);
  return given.map((seal) => checkOneOf('options.seal', seal, seals));
}

function anonymousRequest(
  given: SharedMemoryAnonymousOptions,
): [request: OpenRequest, wanted: readonly Seal[]] {
  const options = required(given);
  const flags = facts.flags.unnamed | facts.flags.readwrite | checkOpenOptions(options);
  const size = checkBytes('options.size', options.size);
  const wanted = checkSeals(options.seal);
  return [[null, flags, 0, 0, undefined, size, checkAdvice(options)], wanted];
}

/**
 * Memory under a name that every program of this machine can open: the user's bytes and nothing
 * else, as `/name` of shm_open(3), Python's `multiprocessing.shared_memory` and Boost have it.
 *
 * ```js
 * using memory = SharedMemory.openOrCreate('frames', { size: 2 ** 20 });
 * memory.buffer[0] = 1;   // in every process that has it open
 * ```
 *
 * A name is 1 to 200 bytes of UTF-8 without `/` and NUL, not `.` or `..`. It appears with its whole
 * size in one step. Errors have the name as their `path`: `ENOENT`, `EEXIST`, `EACCES`, `ENOSPC` (no
 * room; nothing was made), `ERR_CROSSMEM_FOREIGN` (another user's), `ELOOP` (a symbolic link),
 * `EISDIR`, `ENODEV` (a FIFO or device), `EINVAL` (empty), `ERR_OUT_OF_RANGE` (`size` is more than
 * there is), `EBUSY` (a process has been stopped just while it removed the name).
 *
 * With `persist: 'last-close'` whoever opens it holds a lock of the kernel that dies with the
 * process: so the name goes when the last one closes, and what a killed process left is recognised
 * by the next opener and by {@link clean}. See docs/shared-memory.md.
 */
export class SharedMemory extends Mapping {
  readonly #name: string | undefined;
  readonly #created: boolean;
  readonly #persist: Persist;

  protected constructor(token: symbol, parts: object) {
    super(token, parts);
    const { native, name } = parts as { native: NativeMapping; name: string | undefined };
    this.#name = name;
    this.#created = native.created();
    this.#persist = native.persists() ? 'manual' : 'last-close';
  }

  static #wrap(
    native: NativeMapping,
    name: string | undefined,
    { access = 'readwrite', onFault }: SharedMemoryOpenOptions = {},
  ) {
    return new SharedMemory(internal, { native, access, onFault, name });
  }

  /** Makes a segment of zeroes. `EEXIST` if a living one has the name; a leftover is replaced. */
  static create(name: string, options: SharedMemoryCreateOptions): SharedMemory {
    const request = createRequest(checkName(name), options, 'exclusive');
    return SharedMemory.#wrap(openNative(request), name, options);
  }

  /** {@link create} on another thread: reserving gigabytes takes seconds. */
  static async createAsync(
    name: string,
    options: SharedMemoryCreateOptions,
  ): Promise<SharedMemory> {
    const request = createRequest(checkName(name), options, 'exclusive');
    return SharedMemory.#wrap(await openLater(request), name, options);
  }

  /** Opens a segment of any program. A leftover is `ENOENT`, and removed. */
  static open(name: string, options?: SharedMemoryOpenOptions): SharedMemory {
    const request = openRequest(checkName(name), options);
    return SharedMemory.#wrap(openNative(request), name, options);
  }

  /** {@link open} on another thread: `populate` and `lock` may take long. */
  static async openAsync(name: string, options?: SharedMemoryOpenOptions): Promise<SharedMemory> {
    const request = openRequest(checkName(name), options);
    return SharedMemory.#wrap(await openLater(request), name, options);
  }

  /**
   * Opens the segment or makes it, whichever is possible: {@link created} tells. It has at least
   * `size` bytes and is mapped whole. Whoever comes second sees the full size, not less.
   */
  static openOrCreate(name: string, options: SharedMemoryCreateOptions): SharedMemory {
    const request = createRequest(checkName(name), options, 'create');
    return SharedMemory.#wrap(openNative(request), name, options);
  }

  /** {@link openOrCreate} on another thread. */
  static async openOrCreateAsync(
    name: string,
    options: SharedMemoryCreateOptions,
  ): Promise<SharedMemory> {
    const request = createRequest(checkName(name), options, 'create');
    return SharedMemory.#wrap(await openLater(request), name, options);
  }

  /**
   * Zeroed memory without a name (memfd_create(2)), to be handed to a child process by its
   * {@link fd}: `spawn(command, { stdio: ['inherit', 'inherit', 'inherit', memory.fd] })`, which the
   * child opens by `SharedMemory.fromFd(3)`. On Windows it has no descriptor: give it a name instead.
   */
  static override anonymous(options: SharedMemoryAnonymousOptions): SharedMemory {
    const [request, wanted] = anonymousRequest(options);
    return SharedMemory.#sealed(openNative(request), wanted, options);
  }

  /** {@link anonymous} on another thread. */
  static override async anonymousAsync(
    options: SharedMemoryAnonymousOptions,
  ): Promise<SharedMemory> {
    const [request, wanted] = anonymousRequest(options);
    return SharedMemory.#sealed(await openLater(request), wanted, options);
  }

  static #sealed(
    native: NativeMapping,
    wanted: readonly Seal[],
    { onFault }: SharedMemoryAnonymousOptions,
  ): SharedMemory {
    const memory = SharedMemory.#wrap(native, undefined, { onFault });
    try {
      if (wanted.length > 0) memory.seal(...wanted);
      return memory;
    } catch (error) {
      memory.close();
      throw error;
    }
  }

  /**
   * Maps memory that another process handed over. `fd` is duplicated and stays the caller's to
   * close. Look at {@link seals} before you rely on what a sender could still change.
   */
  static fromFd(fd: number, options?: SharedMemoryOpenOptions): SharedMemory {
    if (typeof fd !== 'number') throw invalidType('fd', 'of type number', fd);
    const request = openRequest(checkSource(fd), options);
    return SharedMemory.#wrap(openNative(request), undefined, options);
  }

  /** Removes a name, whoever has it open; they keep the memory. False if there was none. */
  static unlink(name: string): boolean {
    return addon.unlinkSegment(checkName(name));
  }

  /** Whether the name leads to memory that is in use or to stay: not to a leftover. */
  static exists(name: string): boolean {
    const status = addon.statSegment(checkName(name));
    return status !== undefined && status.attached !== false;
  }

  /** What is known of a name; `ENOENT` if it is not there. */
  static stat(name: string): SegmentStatus {
    const status = addon.statSegment(checkName(name));
    if (status === undefined) throw makeError(constants.errno.ENOENT, 'stat', name, undefined);
    return status;
  }

  /** All names, of all programs and users; on macOS and Windows those that crossmem made. */
  static list(): SegmentStatus[] {
    return addon.listSegments();
  }

  /**
   * Removes every leftover: the `'last-close'` segments of this user that no living process has open.
   * Returns their names. What is in use cannot be removed, by the kernel's word.
   */
  static clean(): string[] {
    return addon.cleanSegments();
  }

  /** As opened; undefined for memory without one. */
  get name(): string | undefined {
    return this.#name;
  }

  /** True if this call made the segment, and not another process. */
  get created(): boolean {
    return this.#created;
  }

  /** Chosen by whoever made it; `'manual'` for segments of other programs. */
  get persist(): Persist {
    return this.#persist;
  }

  /** What nobody can do to this memory any more. Empty where there are no seals (macOS, names). */
  get seals(): Seal[] {
    return addon.sealsOf(this.fd) as Seal[];
  }

  /**
   * Adds seals, for good. `EBUSY` for `'write'` while anybody has it mapped for writing, also this
   * mapping: `'future-write'` leaves that as it is. `EPERM` if it cannot be sealed (any more);
   * `ERR_CROSSMEM_UNSUPPORTED` on macOS.
   */
  seal(...wanted: Seal[]): void {
    const checked = wanted.map((seal) => checkOneOf('seal', seal, seals));
    addon.addSeals(this.fd, checked);
  }
}

function openLater(request: OpenRequest): Promise<NativeMapping> {
  return run<NativeMapping>((_, done) => addon.open(undefined, done, ...request));
}
