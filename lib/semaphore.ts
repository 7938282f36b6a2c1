// Semaphore: a bounded number of holders.
import { Guard } from './guard.js';
import { internal, type Mapping } from './mapping.js';
import { addon, got, kinds } from './native.js';
import {
  type ObjectParts,
  openByName,
  openInMapping,
  SharedObject,
  Want,
  waitFor,
  waitForSync,
} from './shared-object.js';
import { type Bytes, checkInteger, checkObject, checkString } from './validate.js';
import { type AsyncWaitOptions, checkWait, type WaitOptions } from './wait-options.js';

/** Options of {@link Semaphore.open} and {@link Semaphore.at}. */
export interface SemaphoreOptions {
  /**
   * How many, 1 to 16,384. Without it the semaphore must exist (`ENOENT`); if it has another number,
   * `ERR_INVALID_ARG_VALUE`.
   */
  permits?: number | undefined;
}

const mostPermits = 16_384;

function checkPermits(options: SemaphoreOptions | undefined): number | undefined {
  const { permits } = checkObject('options', options);
  return permits === undefined
    ? undefined
    : checkInteger('options.permits', permits, 1, mostPermits);
}

/**
 * A fixed number of permits, each held by one process or by nobody. Permits of a process that died
 * are free: how many are available is found by looking at their owners, so it cannot be wrong.
 *
 * ```js
 * using semaphore = Semaphore.open('downloads', { permits: 4 });
 * using permit = await semaphore.acquire();
 * ```
 */
export class Semaphore extends SharedObject {
  #held = 0;
  readonly #permits: number;

  private constructor(token: symbol, parts: ObjectParts) {
    super(token, parts);
    this.#permits = addon.objectParameter(parts.id);
  }

  /** Bytes of a semaphore in a mapping. */
  static size(permits: number): number {
    return 32 + 4 * checkInteger('permits', permits, 1, mostPermits);
  }

  /** Opens the semaphore of this name, or makes it. */
  static open(name: string, options?: SemaphoreOptions): Semaphore {
    return new Semaphore(internal, openByName(kinds.semaphore, checkPermits(options), name));
  }

  /** The semaphore at this place of a mapping; see {@link Mutex.at}. */
  static at(mapping: Mapping, offset: Bytes, options?: SemaphoreOptions): Semaphore {
    const permits = checkPermits(options);
    return new Semaphore(internal, openInMapping(kinds.semaphore, permits, mapping, offset));
  }

  /** Removes the name; those who have it open keep it. False if there was none. */
  static unlink(name: string): boolean {
    return addon.unlinkObject(checkString('name', name));
  }

  /** How many there are. */
  get permits(): number {
    return this.#permits;
  }

  /** How many nobody who lives has. */
  get available(): number {
    return addon.objectValue(this.id);
  }

  /** All of `count` or null. Does not wait. */
  tryAcquire(count = 1): Guard | null {
    const how = addon.tryObject(this.id, this.#count(count));
    return how === got.nothing ? null : this.take(count, how);
  }

  /** Blocks this thread until it has all of `count`. */
  acquireSync(count = 1, options?: WaitOptions): Guard {
    const wanted = [this.wanting(count)];
    waitForSync(wanted, false, checkWait(options));
    return this.take(count, got.acquired);
  }

  /** Resolves when it has all of `count`. */
  async acquire(count = 1, options?: AsyncWaitOptions): Promise<Guard> {
    const wanted = [this.wanting(count)];
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    const guard = this.tryAcquire(count);
    if (guard !== null) return guard;
    await waitFor(wanted, false, wait);
    return this.take(count, got.acquired);
  }

  /** For {@link waitAny} and {@link waitAll}; without, one permit is wanted. */
  wanting(count: number): Want {
    return new Want(this, this.#count(count));
  }

  /** @internal */
  protected override get defaultWay(): number {
    return 1;
  }

  /** @internal */
  override take(count: number, _how: number): Guard {
    this.#held += count;
    return new Guard(this, count, false);
  }

  /** @internal */
  giveBack(count: number): void {
    // Closed: that has released them.
    if (this.#held < count) return;
    this.#held -= count;
    addon.releaseObject(this.idToGiveBack, count, true);
  }

  /** @internal */
  protected override releaseAll(): void {
    if (this.#held > 0) this.giveBack(this.#held);
  }

  #count(count: number): number {
    return checkInteger('count', count, 1, this.#permits);
  }
}

/** Options of {@link CountingSemaphore.open} and {@link CountingSemaphore.at}. */
export interface CountingSemaphoreOptions {
  /** What it begins with, 0 to 65,535. Without it the semaphore must exist (`ENOENT`). */
  initial?: number | undefined;
}

const mostCounted = 2 ** 30 - 1;

function checkInitial(options: CountingSemaphoreOptions | undefined): number | undefined {
  const { initial } = checkObject('options', options);
  return initial === undefined ? undefined : checkInteger('options.initial', initial, 0, 65_535);
}

/**
 * A number that `acquire` lowers, never below 0, and `release` raises, as with sem_open(3). Nobody
 * owns what was acquired: what a process had when it died is spent. Use {@link Semaphore} where that
 * must not be.
 */
export class CountingSemaphore extends SharedObject {
  /** Bytes of a counting semaphore in a mapping. */
  static readonly size = 32;

  /** Opens the semaphore of this name, or makes it. Names: 1 to 200 bytes of UTF-8 without `/`. */
  static open(name: string, options?: CountingSemaphoreOptions): CountingSemaphore {
    const parts = openByName(kinds.countingSemaphore, checkInitial(options), name);
    return new CountingSemaphore(internal, parts);
  }

  /** The semaphore at this place of a mapping; see {@link Mutex.at}. */
  static at(
    mapping: Mapping,
    offset: Bytes,
    options?: CountingSemaphoreOptions,
  ): CountingSemaphore {
    const parts = openInMapping(kinds.countingSemaphore, checkInitial(options), mapping, offset);
    return new CountingSemaphore(internal, parts);
  }

  /** Removes the name; those who have it open keep it. False if there was none. */
  static unlink(name: string): boolean {
    return addon.unlinkObject(checkString('name', name));
  }

  /** The number now; others may change it at any time. */
  get value(): number {
    return addon.objectValue(this.id);
  }

  /** False if the number is less. Does not wait. */
  tryAcquire(count = 1): boolean {
    return addon.tryObject(this.id, checkCounted(count)) !== got.nothing;
  }

  /** Blocks this thread. */
  acquireSync(count = 1, options?: WaitOptions): void {
    waitForSync([this.wanting(count)], false, checkWait(options));
  }

  /** Resolves when it has lowered the number by `count`, in one step. */
  async acquire(count = 1, options?: AsyncWaitOptions): Promise<void> {
    const wanted = [this.wanting(count)];
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    if (!this.tryAcquire(count)) await waitFor(wanted, false, wait);
  }

  /** `EOVERFLOW` beyond 2^30 - 1; then nothing has changed. */
  release(count = 1): void {
    addon.releaseObject(this.id, checkCounted(count), true);
  }

  /** For {@link waitAny} and {@link waitAll}; without, one is wanted. */
  wanting(count: number): Want {
    return new Want(this, checkCounted(count));
  }

  /** @internal */
  protected override get defaultWay(): number {
    return 1;
  }

  /** @internal */
  override take(count: number, _how: number): Disposable {
    // Only what nobody has seen is given back.
    return { [Symbol.dispose]: () => addon.releaseObject(this.idToGiveBack, count, true) };
  }
}

function checkCounted(count: number): number {
  return checkInteger('count', count, 1, mostCounted);
}
