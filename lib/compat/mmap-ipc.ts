// Drop-in for mmap-ipc: the same class, methods and flock(2) seen by other programs, on crossmem.

/**
 * Drop-in for mmap-ipc.
 * @module crossmem/mmap-ipc
 */

import { constants } from 'node:os';
import { makeError } from '../errors.js';
import { CrossmemError, FileLock, type FileLockOptions, type SharedMemory } from '../index.js';
import { checkObject, checkSignal, checkTimeout } from '../validate.js';
import { lockTarget, openSegment } from './segments.js';

/** Why a wait ended whose lock nobody wants any more. */
const givenUp = Symbol('given up');

type WaitOptions = FileLockOptions & { timeout?: number | undefined; signal: AbortSignal };

/** An asynchronous call that has not ended. */
interface Waiting {
  end: AbortController;
  ended: Promise<boolean>;
}

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
  /** The last asynchronous call that has not ended. */
  #waiting: Waiting | undefined;

  /**
   * Makes the segment of this name, or opens it.
   * @param name Of the segment, with or without a slash before it.
   * @param size Bytes, at least 1; no more than an existing segment has.
   * @param lockMemory Keep it in RAM, if the system allows that.
   */
  constructor(name: unknown, size: number, lockMemory?: boolean, options: mmapIPC.Options = {}) {
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
  static CreateNewItem(
    name: unknown,
    size: number,
    lockMemory?: boolean,
    options?: mmapIPC.Options,
  ) {
    return new mmapIPC(name, size, lockMemory, options);
  }

  /** The memory; the same Buffer each time. */
  buffer(): Buffer {
    return this.#buffer;
  }

  /**
   * Waits for a lock that others may share. True, or false if the system refuses it. `EALREADY` while
   * an asynchronous call waits.
   */
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

  /** Lets the lock go, if there is one; a call that waits for one ends, and is false. */
  removeLock(): boolean {
    this.#waiting?.end.abort(givenUp);
    this.#lock?.release();
    this.#lock = undefined;
    return true;
  }

  /**
   * {@link acquireReadLock}, waiting on another thread. Of several calls the last one has the lock;
   * those that wait then end, and are false.
   */
  async acquireReadLockAsync(options?: mmapIPC.LockOptions): Promise<boolean> {
    return this.#acquireAsync('shared', options);
  }

  /** {@link acquireWriteLock}, in the same way. */
  async acquireWriteLockAsync(options?: mmapIPC.LockOptions): Promise<boolean> {
    return this.#acquireAsync('exclusive', options);
  }

  /** Gives lock and memory up now, as {@link removeLock} does; the buffer becomes empty. */
  close(): void {
    this.removeLock();
    this.#memory.close();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #acquire(mode: 'shared' | 'exclusive'): boolean {
    if (this.#waiting !== undefined) {
      const { EALREADY } = constants.errno;
      throw makeError(EALREADY, undefined, undefined, 'an asynchronous call waits for the lock');
    }
    this.removeLock();
    try {
      const { file, range } = lockTarget(this.#memory);
      this.#lock = FileLock.lockSync(file, { ...range, mode });
      return true;
    } catch (error) {
      return refused(error);
    }
  }

  async #acquireAsync(mode: 'shared' | 'exclusive', given?: mmapIPC.LockOptions): Promise<boolean> {
    const { timeout, signal } = checkObject('options', given);
    checkTimeout(timeout);
    checkSignal(signal)?.throwIfAborted();
    const { file, range } = lockTarget(this.#memory);
    this.removeLock();
    const end = new AbortController();
    const ended = this.#wait(file, { ...range, mode, timeout, signal: end.signal });
    const waiting = { end, ended };
    this.#waiting = waiting;
    const abort = () => end.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await ended;
    } finally {
      signal?.removeEventListener('abort', abort);
      if (this.#waiting === waiting) this.#waiting = undefined;
    }
  }

  async #wait(file: number | string, options: WaitOptions): Promise<boolean> {
    // One at a time: the locks of one descriptor are one to the kernel, which any of them releases.
    await this.#waiting?.ended.catch(() => {});
    const { signal } = options;
    try {
      if (signal.aborted) throw signal.reason;
      const lock = await FileLock.lock(file, options);
      if (signal.aborted) {
        lock.release();
        throw signal.reason;
      }
      this.#lock = lock;
      return true;
    } catch (error) {
      return error === givenUp ? false : refused(error);
    }
  }
}

/** What flock(2) itself answers is false, as it always was. */
function refused(error: unknown): false {
  if (error instanceof CrossmemError && error.syscall === 'flock') return false;
  throw error;
}

/** What the original has not. */
declare namespace mmapIPC {
  /** How a segment is made. */
  export interface Options {
    /** Permissions of a segment that is made. Default 0o600; the original made it 0o777. */
    mode?: number | string | undefined;
    /**
     * `'last-close'` (the default): the name goes when the last one has closed or died. `'manual'`: it
     * stays. The original removed it when the first one went.
     */
    persist?: 'last-close' | 'manual' | undefined;
  }

  /** How long a lock is waited for. */
  export interface LockOptions {
    /** Milliseconds, then `ERR_CROSSMEM_TIMEOUT`. */
    timeout?: number | undefined;
    /** Ends the wait: the promise rejects with its reason. */
    signal?: AbortSignal | undefined;
  }
}

export = mmapIPC;
