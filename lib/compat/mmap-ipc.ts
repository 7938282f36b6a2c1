// Drop-in for mmap-ipc: the same class, methods and flock(2) seen by other programs, on crossmem.
import { CrossmemError, FileLock, type SharedMemory } from '../index.js';
import { type LockTarget, lockTarget, openSegment } from './segments.js';

/** What the original has not. */
interface Options {
  /** Permissions of a segment that is made. Default 0o600; the original made it 0o777. */
  mode?: number | string | undefined;
  /**
   * `'last-close'` (the default): the name goes when the last one has closed or died. `'manual'`: it
   * stays. The original removed it when the first one went.
   */
  persist?: 'last-close' | 'manual' | undefined;
}

interface LockOptions {
  /** Milliseconds, then `ERR_CROSSMEM_TIMEOUT`. */
  timeout?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Milliseconds of a wait, until it looks whether a later call has overtaken it. */
const lookEvery = 50;

function nameOf(value: unknown): string {
  // The original put a slash before whatever it was given.
  return String(value).replace(/^\/+/, '');
}

/**
 * Shared memory under a name, with one lock for reading and writing.
 *
 * `acquireReadLock` and `acquireWriteLock` block this thread, as they always did; the `…Async` forms
 * wait elsewhere. In one thread a second object of the same name that would wait for the first for
 * ever gets `EDEADLK` instead.
 */
class mmapIPC {
  readonly #memory: SharedMemory;
  readonly #buffer: Buffer;
  #lock: FileLock | undefined;
  /** How often a lock was asked for: the last call is to have it. */
  #calls = 0;

  /**
   * @param name Of the segment, with or without a slash before it.
   * @param size Bytes, at least 1; no more than an existing segment has.
   * @param lockMemory Keep it in RAM, if the system allows that.
   */
  constructor(name: unknown, size: number, lockMemory?: boolean, options: Options = {}) {
    this.#memory = openSegment(nameOf(name), { ...options, size });
    if (lockMemory) {
      try {
        this.#memory.lock();
      } catch {
        // As it always was: a wish.
      }
    }
    this.#buffer = this.#memory.buffer;
  }

  /** The same as `new`. */
  static CreateNewItem(name: unknown, size: number, lockMemory?: boolean, options?: Options) {
    return new mmapIPC(name, size, lockMemory, options);
  }

  /** The memory; the same Buffer each time. */
  buffer(): Buffer {
    return this.#buffer;
  }

  /** Waits for a lock that others may share. True, or false if the system refuses it. */
  acquireReadLock(): boolean {
    return this.#acquire('shared');
  }

  /** Waits for a lock that nobody else has. A read lock is given up first. */
  acquireWriteLock(): boolean {
    return this.#acquire('exclusive');
  }

  /** As the original's documentation spells it. */
  acquireWrireLock(): boolean {
    return this.acquireWriteLock();
  }

  /** Lets the lock go, if there is one. */
  removeLock(): boolean {
    this.#lock?.release();
    this.#lock = undefined;
    return true;
  }

  /** {@link acquireReadLock}, waiting on another thread. */
  async acquireReadLockAsync(options?: LockOptions): Promise<boolean> {
    return this.#acquireAsync('shared', options);
  }

  /** {@link acquireWriteLock}, waiting on another thread. */
  async acquireWriteLockAsync(options?: LockOptions): Promise<boolean> {
    return this.#acquireAsync('exclusive', options);
  }

  /** Gives lock and memory up now; the buffer becomes empty. */
  close(): void {
    this.removeLock();
    this.#memory.close();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #acquire(mode: 'shared' | 'exclusive'): boolean {
    this.#calls += 1;
    this.removeLock();
    try {
      const { file, range } = lockTarget(this.#memory);
      this.#lock = FileLock.lockSync(file, { ...range, mode });
      return true;
    } catch (error) {
      return refused(error);
    }
  }

  async #acquireAsync(mode: 'shared' | 'exclusive', options?: LockOptions): Promise<boolean> {
    const target = lockTarget(this.#memory);
    const { file, range } = target;
    if (typeof file === 'string') return this.#acquireFile(target, mode, options);
    try {
      for (;;) {
        this.removeLock();
        const lock = await FileLock.lock(file, { ...options, ...range, mode });
        if (this.#lock === undefined) {
          this.#lock = lock;
          return true;
        }
        // Another call was quicker. Both are one lock of the kernel's, which either's release ends:
        // so it is given up, and taken anew as this call wants it.
        lock.release();
      }
    } catch (error) {
      return refused(error);
    }
  }

  /** Each call locks for itself here: one that a later call has overtaken is over. */
  async #acquireFile(
    { file, range }: LockTarget,
    mode: 'shared' | 'exclusive',
    { timeout = Number.POSITIVE_INFINITY, signal }: LockOptions = {},
  ): Promise<boolean> {
    this.#calls += 1;
    const call = this.#calls;
    this.removeLock();
    const end = performance.now() + timeout;
    for (;;) {
      const left = Math.max(0, end - performance.now());
      try {
        const options = { ...range, mode, timeout: Math.min(left, lookEvery), signal };
        const lock = await FileLock.lock(file, options);
        if (call === this.#calls) this.#lock = lock;
        else lock.release();
        return true;
      } catch (error) {
        const timedOut = (error as { code?: string }).code === 'ERR_CROSSMEM_TIMEOUT';
        if (!timedOut || left <= lookEvery) throw error;
        if (call !== this.#calls) return true;
      }
    }
  }
}

/** What flock(2) itself answers is false, as it always was. */
function refused(error: unknown): false {
  if (error instanceof CrossmemError && error.syscall === 'flock') return false;
  throw error;
}

export = mmapIPC;
