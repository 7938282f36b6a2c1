// FileLock: the operating system's own lock on a file or a part of it, seen by other programs.
import { constants } from 'node:os';
import { makeError, timedOut } from './errors.js';
import { addon, facts, type LockRequest, lockFlags } from './native.js';
import { checkSource, type FileSource } from './open-options.js';
import { run } from './operation.js';
import {
  type Bytes,
  checkFlag,
  checkObject,
  checkOneOf,
  checkOptionalBytes,
  checkSignal,
  checkTimeout,
} from './validate.js';
import type { AsyncWaitOptions, WaitOptions } from './wait-options.js';

/** `'shared'`: together with other shared locks. `'exclusive'`: alone. */
export type LockMode = 'shared' | 'exclusive';

/** Options of {@link FileLock.tryLock}. */
export interface FileLockOptions {
  /** Default `'exclusive'`. */
  mode?: LockMode | undefined;
  /** First byte to lock. Default 0. */
  start?: Bytes | undefined;
  /** Bytes to lock, which need not exist. Default: to the end and beyond. */
  length?: Bytes | undefined;
  /**
   * Use flock(2), as the program `flock` and mmap-ipc do: whole files only, and the mode cannot be
   * changed. Default `false`: locks of open file descriptions (fcntl(2) F_OFD_SETLK), which meet the
   * record locks of other programs. The two kinds do not see each other; systems that have only
   * flock(2) (macOS) use it always. On Windows both are LockFileEx, of the range or of a byte that no
   * file has.
   */
  flock?: boolean | undefined;
}

const modes: readonly LockMode[] = ['shared', 'exclusive'];

interface Checked {
  request: LockRequest;
  mode: LockMode;
  path: string | undefined;
  timeout: number | undefined;
}

function check(file: FileSource, given: (FileLockOptions & WaitOptions) | undefined): Checked {
  const target = checkSource(file);
  const path = typeof target === 'string' ? target : undefined;
  if (given === undefined) {
    const request: LockRequest = [target, lockFlags.exclusive, undefined, undefined];
    return { request, mode: 'exclusive', path, timeout: undefined };
  }
  const options = checkObject('options', given);
  const mode = checkOneOf('options.mode', options.mode ?? 'exclusive', modes);
  const flags =
    (mode === 'exclusive' ? lockFlags.exclusive : 0) |
    (checkFlag('options.flock', options.flock, false) ? lockFlags.flock : 0);
  const start = checkOptionalBytes('options.start', options.start);
  const length = checkOptionalBytes('options.length', options.length);
  const request: LockRequest = [target, flags, length === undefined ? start : (start ?? 0), length];
  return { request, mode, path, timeout: checkTimeout(options.timeout) };
}

const internal = Symbol('crossmem.internal');

/**
 * A lock on a file, or on a range of its bytes, that is held until {@link release}: `using` does it
 * at the end of the block. It is advisory: who does not ask for it is not kept out; on Windows reads
 * and writes of a locked range are, but for those through views.
 *
 * ```js
 * using lock = await FileLock.lock('/run/lock/app', { timeout: 1000 });
 * ```
 *
 * A lock by path makes a missing file (mode 0600) and has a file description of its own: it excludes
 * every other lock, also of this process. A lock by descriptor or FileHandle belongs to the file's
 * description: locks of one description replace each other, and on Windows exclude each other. The
 * descriptor may be closed; for an exclusive lock it must be open for writing (`EBADF`; not with
 * `flock`, nor on Windows).
 *
 * The kernel releases a lock when its process dies, however it dies; that its owner died is not told.
 * One that is never released is held until the process, or its worker, ends: it is not released
 * because nobody refers to it any more. Nobody looks for cycles of waiting; only `lockSync`
 * without a time-out says `EDEADLK` if this very thread holds what it asks for.
 */
export class FileLock implements Disposable {
  readonly #id: number;
  #mode: LockMode;
  readonly #path: string | undefined;
  #released = false;
  #upgrading = false;

  private constructor(token: symbol, id: number, checked: Checked) {
    if (token !== internal) {
      throw Object.assign(new TypeError('Illegal constructor'), {
        code: 'ERR_ILLEGAL_CONSTRUCTOR',
      });
    }
    this.#id = id;
    this.#mode = checked.mode;
    this.#path = checked.path;
  }

  /** True where parts of a file can be locked: on Linux and Windows. */
  static get ranges(): boolean {
    return facts.rangeLocks;
  }

  /** The lock, or null if somebody else has it. Does not wait. */
  static tryLock(file: FileSource, options?: FileLockOptions): FileLock | null {
    const checked = check(file, options);
    // By index, and no more than there is: a lock costs little more than its arguments.
    const { request: r } = checked;
    const id = r[2] === undefined ? addon.tryLock(r[0], r[1]) : addon.tryLock(...r);
    return id === 0 ? null : new FileLock(internal, id, checked);
  }

  /**
   * Waits for the lock in the kernel's queue, blocking this thread, event loop and all. On Windows and
   * macOS it asks again and again, every 10 ms at most.
   */
  static lockSync(file: FileSource, options?: FileLockOptions & WaitOptions): FileLock {
    const checked = check(file, options);
    const id = addon.lockSync(...checked.request, checked.timeout);
    return FileLock.#got(id, checked);
  }

  /**
   * {@link lockSync}, waiting on a thread of the library: neither the event loop nor libuv's pool is
   * used, however many wait.
   */
  static async lock(
    file: FileSource,
    options?: FileLockOptions & AsyncWaitOptions,
  ): Promise<FileLock> {
    const checked = check(file, options);
    const signal = checkSignal(options?.signal);
    signal?.throwIfAborted();
    // A thread is for those who have to wait.
    const now = addon.tryLock(...checked.request);
    if (now !== 0) return new FileLock(internal, now, checked);
    const id = await run<number>(
      (_, done) => addon.lock(undefined, done, ...checked.request, checked.timeout),
      { signal },
    );
    return FileLock.#got(id, checked);
  }

  static #got(id: number, checked: Checked): FileLock {
    if (id === 0) throw timedOut('lock', checked.timeout ?? 0, checked.path);
    return new FileLock(internal, id, checked);
  }

  /** As it is now. */
  get mode(): LockMode {
    return this.#mode;
  }

  /** True after {@link release}. */
  get released(): boolean {
    return this.#released;
  }

  /**
   * Makes a shared lock exclusive, in one step: nobody else has it in between. False if others share
   * it; then it stays shared. `ERR_CROSSMEM_UNSUPPORTED` for flock(2) and on Windows, where a lock is
   * given up before the other mode is taken: release it, lock again, and read again what you have
   * read.
   */
  tryUpgrade(): boolean {
    const done = addon.tryUpgrade(this.#held());
    if (done) this.#mode = 'exclusive';
    return done;
  }

  /** {@link tryUpgrade}, waiting; see {@link upgrade}. */
  upgradeSync(options?: WaitOptions): void {
    const timeout = checkTimeout(checkObject('options', options).timeout);
    this.#upgraded(addon.upgradeSync(this.#held(), timeout), timeout);
  }

  /**
   * {@link tryUpgrade}, waiting on a thread of the library. The shared lock is kept meanwhile: two
   * that both wait for the other to let go wait for ever, so give a time-out. A {@link release}
   * ends it with `ERR_CROSSMEM_CLOSED`; until it has ended, another change is `EALREADY`.
   */
  async upgrade(options?: AsyncWaitOptions): Promise<void> {
    const { timeout: maybeTimeout, signal } = checkObject('options', options);
    const timeout = checkTimeout(maybeTimeout);
    checkSignal(signal)?.throwIfAborted();
    if (this.tryUpgrade()) return;
    try {
      this.#upgrading = true;
      const done = await run<boolean>(
        (_, settle) => addon.upgrade(undefined, settle, this.#id, timeout),
        { signal },
      ).finally(() => {
        this.#upgrading = false;
      });
      this.#upgraded(done, timeout);
    } catch (error) {
      const cancelled = (error as { code?: unknown }).code === 'ABORT_ERR' && !signal?.aborted;
      if (cancelled) this.#held();
      throw error;
    }
  }

  /** Its number, which belongs to another lock once this one is released. */
  #held(): number {
    if (this.#released) {
      throw makeError('ERR_CROSSMEM_CLOSED', undefined, this.#path, 'the lock was released');
    }
    if (this.#upgrading) {
      const { EALREADY } = constants.errno;
      throw makeError(EALREADY, 'fcntl', this.#path, 'an upgrade of this lock is waiting');
    }
    return this.#id;
  }

  #upgraded(done: boolean, timeout: number | undefined): void {
    if (!done) throw timedOut('exclusive lock', timeout ?? 0, this.#path);
    this.#mode = 'exclusive';
  }

  /** Makes an exclusive lock shared, in one step and at once. Not for flock(2), nor on Windows. */
  downgrade(): void {
    addon.downgrade(this.#held());
    this.#mode = 'shared';
  }

  /** Lets others have it. Twice is fine. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    addon.release(this.#id);
  }

  /** {@link release}, for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }
}
