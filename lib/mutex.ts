// Mutex: one holder at a time, among all threads and processes.
import type { CrossmemError } from './errors.js';
import { identityOf, isThere, tryLock, tryUnlock } from './fast/mutex.js';
import { Guard } from './guard.js';
import { internal, type Mapping } from './mapping.js';
import { addon, got, kinds } from './native.js';
import {
  type Holder,
  type ObjectParts,
  openByName,
  openInMapping,
  SharedObject,
  toHolder,
  waitFor,
  waitForSync,
} from './shared-object.js';
import { type Bytes, checkFlag, checkObject, checkString } from './validate.js';
import {
  type AsyncWaitOptions,
  type CheckedWait,
  checkWait,
  type WaitOptions,
} from './wait-options.js';

/** Options of {@link Mutex.at}. */
export interface MutexOptions {
  /** Keep {@link Mutex.statistics}, and when it was got for {@link Mutex.holder}. Default `false`. */
  statistics?: boolean | undefined;
}

/** Options of {@link Mutex.open}. */
export interface MutexOpenOptions extends MutexOptions {
  /** False: only if it is there, otherwise `ENOENT`. Default `true`. */
  create?: boolean | undefined;
}

/** What this object has seen; times in milliseconds. */
export interface MutexStatistics {
  /** How often it was got through this object. */
  acquired: number;
  /** How often it was not free when asked for. */
  contended: number;
  /** Spent waiting for it, of those that got it. */
  waited: number;
  /** How long it was held, all in all. */
  held: number;
  /** The longest time that it was held. */
  longestHeld: number;
}

class Statistics implements MutexStatistics {
  acquired = 0;
  contended = 0;
  waited = 0;
  held = 0;
  longestHeld = 0;
  #since = 0;

  got(begin: number): void {
    this.#since = performance.now();
    this.acquired += 1;
    this.waited += this.#since - begin;
  }
  released(): void {
    const held = performance.now() - this.#since;
    this.held += held;
    this.longestHeld = Math.max(this.longestHeld, held);
  }
}

/**
 * A lock between threads and processes. Whoever dies holding it, however it dies, is replaced by the
 * next who asks, who is told ({@link Guard.ownerDied}). Not recursive; fair to those who have waited
 * for some milliseconds. Free, it costs no more than an atomic instruction.
 *
 * ```js
 * using mutex = Mutex.open('cache');
 * using guard = await mutex.lock({ timeout: 1000 });
 * ```
 */
export class Mutex extends SharedObject {
  /** Bytes of a mutex in a mapping. */
  static readonly size = 32;

  /** Undefined where memory cannot be seen from JavaScript (Electron), and while closed. */
  #words: Int32Array | undefined;
  readonly #me: number;
  /** What the memory of one in a mapping begins with, as long as it is there. */
  readonly #identity: number | undefined;
  #held = false;
  readonly #statistics: Statistics | undefined;

  private constructor(token: symbol, parts: ObjectParts, statistics: boolean) {
    super(token, parts);
    this.#me = addon.agentWord();
    try {
      this.#words = new Int32Array(addon.objectMemory(parts.id));
    } catch (error) {
      if ((error as CrossmemError).code !== 'ERR_CROSSMEM_NO_EXTERNAL_BUFFERS') throw error;
    }
    if (this.#words !== undefined && parts.name === undefined) {
      this.#identity = identityOf(this.#words);
    }
    this.#statistics = statistics ? new Statistics() : undefined;
  }

  static #make(options: MutexOptions | undefined, open: () => ObjectParts): Mutex {
    const { statistics } = checkObject('options', options);
    const keep = checkFlag('options.statistics', statistics, false);
    return new Mutex(internal, open(), keep);
  }

  /** Opens the mutex of this name, or makes it. Names: 1 to 200 bytes of UTF-8 without `/`. */
  static open(name: string, options?: MutexOpenOptions): Mutex {
    const create = checkFlag('options.create', checkObject('options', options).create, true);
    return Mutex.#make(options, () => openByName(kinds.mutex, create ? 0 : undefined, name));
  }

  /**
   * The mutex at this place of a mapping that others share, a multiple of 8 bytes: made if the memory
   * is zeroes. It says `ERR_CROSSMEM_CLOSED` once the mapping is closed or resized.
   */
  static at(mapping: Mapping, offset: Bytes, options?: MutexOptions): Mutex {
    return Mutex.#make(options, () => openInMapping(kinds.mutex, 0, mapping, offset));
  }

  /** Removes the name; those who have it open keep it. False if there was none. */
  static unlink(name: string): boolean {
    return addon.unlinkObject(checkString('name', name));
  }

  /** Null if somebody else has it. Does not wait. */
  tryLock(): Guard | null {
    const words = this.#words;
    if (
      words !== undefined &&
      this.#statistics === undefined &&
      (this.#identity === undefined || isThere(words, this.#identity)) &&
      tryLock(words, this.#me)
    ) {
      this.#held = true;
      return new Guard(this, 0, false);
    }
    const how = addon.tryObject(this.id, 0);
    return how === got.nothing ? null : this.take(0, how);
  }

  /**
   * Blocks this thread, event loop and all, until it is got. `EDEADLK` if this thread, or a pending
   * {@link lock} of it, has it already: then nobody could ever release it.
   */
  lockSync(options?: WaitOptions): Guard {
    const wait = checkWait(options);
    const begin = this.#begin();
    const guard = this.tryLock() ?? this.#waitSync(wait);
    this.#statistics?.got(begin);
    return guard;
  }

  /**
   * Resolves when it is got. Waits of one process are served in order; ten thousand of them take one
   * thread of the library, which takes nothing while it waits.
   */
  async lock(options?: AsyncWaitOptions): Promise<Guard> {
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    const begin = this.#begin();
    const guard = this.tryLock() ?? (await this.#wait(wait));
    this.#statistics?.got(begin);
    return guard;
  }

  /** Calls `action` with it held; resolves or rejects as that does. */
  async run<T>(
    action: (guard: Guard) => T | PromiseLike<T>,
    options?: AsyncWaitOptions,
  ): Promise<T> {
    const guard = await this.lock(options);
    try {
      return await action(guard);
    } finally {
      guard.release();
    }
  }

  /** Who holds it; null if it is free. */
  holder(): Holder | null {
    const [holder] = addon.holdersOf(this.id);
    return holder === undefined ? null : toHolder(holder);
  }

  /** If it was opened with `statistics`. */
  get statistics(): MutexStatistics | undefined {
    return this.#statistics && { ...this.#statistics };
  }

  /** @internal */
  override alone(): boolean {
    return true;
  }

  /** @internal */
  override take(_way: number, how: number): Guard {
    this.#held = true;
    return new Guard(this, 0, how === got.ownerDied);
  }

  /** @internal */
  giveBack(_way: number, whole: boolean): void {
    // Closed: that has released it.
    if (!this.#held) return;
    this.#held = false;
    this.#statistics?.released();
    const words = this.#words;
    if (words !== undefined && whole && tryUnlock(words, this.#me)) return;
    addon.releaseObject(this.idToGiveBack, 0, whole);
  }

  /** @internal */
  protected override releaseAll(): void {
    try {
      this.giveBack(0, true);
    } finally {
      this.#words = undefined;
    }
  }

  #begin(): number {
    return this.#statistics === undefined ? 0 : performance.now();
  }

  #waitSync(wait: CheckedWait): Guard {
    if (this.#statistics) this.#statistics.contended += 1;
    const [, how = 0] = waitForSync([this.wantedByDefault], false, wait);
    return this.take(0, how);
  }

  async #wait(wait: CheckedWait): Promise<Guard> {
    if (this.#statistics) this.#statistics.contended += 1;
    const [, how = 0] = await waitFor([this.wantedByDefault], false, wait);
    return this.take(0, how);
  }
}
