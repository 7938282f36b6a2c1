// RwLock: many readers or one writer, among all threads and processes.
import { constants } from 'node:os';
import { invalidValue, makeError } from './errors.js';
import { Guard } from './guard.js';
import { internal, type Mapping } from './mapping.js';
import { addon, got, kinds, ways } from './native.js';
import {
  type EndWait,
  type Holder,
  openByName,
  openInMapping,
  SharedObject,
  toHolder,
  Want,
  waitFor,
  waitForSync,
} from './shared-object.js';
import { type Bytes, checkOneOf, checkString } from './validate.js';
import { type AsyncWaitOptions, checkWait, type WaitOptions } from './wait-options.js';

/**
 * `'shared'`: with other readers. `'upgradeable'`: reads, alone among those who may come to write.
 * `'exclusive'`: alone.
 */
export type RwMode = 'shared' | 'upgradeable' | 'exclusive';

const modes: readonly RwMode[] = ['shared', 'upgradeable', 'exclusive'];

/** A reader-writer lock that is held. */
export class RwGuard extends Guard {
  /** As it is now. */
  get mode(): RwMode {
    return modes[this.way] as RwMode;
  }

  /** Ends the upgrade that is waiting. */
  #endUpgrade: EndWait | undefined;

  /**
   * Makes an upgradeable lock exclusive, once all readers have gone. Until it has ended, another
   * change is `EALREADY`; a {@link release} ends it with `ERR_CROSSMEM_CLOSED`.
   */
  async upgrade(options?: AsyncWaitOptions): Promise<void> {
    const lock = this.#upgradeable();
    if (lock === undefined) return;
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    let way: number = ways.upgradeable;
    let ownerDied = false;
    // The lock stays open until what is held by then is known.
    const stay: EndWait = () => {};
    lock.beginWait(stay);
    // Meanwhile it is the upgrade's to give back.
    lock.count(ways.upgradeable, -1);
    const begun = (end: EndWait) => {
      this.#endUpgrade = end;
    };
    try {
      const [, how] = await waitFor([new Want(lock, ways.upgrade)], false, { ...wait, begun });
      way = ways.exclusive;
      ownerDied = how === got.ownerDied;
    } finally {
      this.#endUpgrade = undefined;
      lock.count(way, 1);
      const unwanted = this.released || lock.closed;
      if (unwanted) lock.giveBack(way, !ownerDied);
      else if (way === ways.exclusive) this.change(lock, way, ownerDied);
      lock.endWait(stay);
    }
  }

  /** Lets others have it. Twice is fine. */
  override release(): void {
    const end = this.#endUpgrade;
    if (end === undefined) {
      super.release();
      return;
    }
    // Given back once the upgrade has ended, which is soon.
    this.change(undefined, this.way, this.ownerDied);
    end(makeError('ERR_CROSSMEM_CLOSED', undefined, undefined, 'the lock was released'));
  }

  /** {@link upgrade}, blocking this thread. */
  upgradeSync(options?: WaitOptions): void {
    const lock = this.#upgradeable();
    if (lock === undefined) return;
    const [, how] = waitForSync([new Want(lock, ways.upgrade)], false, checkWait(options));
    this.#become(lock, ways.exclusive, how === got.ownerDied);
  }

  /** False if others read; then it is upgradeable still. */
  tryUpgrade(): boolean {
    const lock = this.#upgradeable();
    if (lock === undefined) return true;
    const how = addon.tryObject(lock.id, ways.upgrade);
    if (how !== got.nothing) this.#become(lock, ways.exclusive, how === got.ownerDied);
    return how !== got.nothing;
  }

  /** Makes an exclusive or upgradeable lock less, at once; nobody writes in between. */
  downgrade(mode: 'shared' | 'upgradeable'): void {
    const to = ways[checkOneOf('mode', mode, ['shared', 'upgradeable'])];
    const lock = this.#held();
    addon.downgradeObject(lock.id, this.way, to, this.whole);
    this.#become(lock, to, this.ownerDied && !this.whole);
  }

  #become(lock: RwLock, way: number, ownerDied: boolean): void {
    lock.count(this.way, -1);
    lock.count(way, 1);
    this.change(lock, way, ownerDied);
  }

  #held(): RwLock {
    if (this.#endUpgrade !== undefined) {
      const { EALREADY } = constants.errno;
      throw makeError(EALREADY, 'lock', undefined, 'an upgrade of this lock is waiting');
    }
    if (this.lender === undefined) {
      throw makeError('ERR_CROSSMEM_CLOSED', undefined, undefined, 'the lock was released');
    }
    return this.lender as RwLock;
  }

  /** Undefined if it is exclusive already. */
  #upgradeable(): RwLock | undefined {
    const lock = this.#held();
    if (this.way === ways.exclusive) return undefined;
    if (this.way === ways.shared) {
      const expected = `'upgradeable': of two readers that upgrade, each would wait for the other`;
      throw invalidValue('guard.mode', expected, 'shared');
    }
    return lock;
  }
}

/**
 * A lock for many readers or one writer, between threads and processes. Writers go first. A reader
 * who dies is forgotten; if a writer dies, all who get the lock are told ({@link Guard.ownerDied})
 * until an exclusive holder says that all is well. At most 64 processes and workers read at the same
 * time; others wait.
 *
 * ```js
 * using lock = RwLock.open('index');
 * using reader = await lock.lockShared();
 * ```
 */
export class RwLock extends SharedObject {
  /** Bytes of a reader-writer lock in a mapping. */
  static readonly size = 544;

  /** How often it is held through this object, by way. */
  readonly #held = [0, 0, 0];

  /** Opens the lock of this name, or makes it. Names: 1 to 200 bytes of UTF-8 without `/`. */
  static open(name: string): RwLock {
    return new RwLock(internal, openByName(kinds.rwLock, undefined, name));
  }

  /** The lock at this place of a mapping; see {@link Mutex.at}. */
  static at(mapping: Mapping, offset: Bytes): RwLock {
    return new RwLock(internal, openInMapping(kinds.rwLock, undefined, mapping, offset));
  }

  /** Removes the name; those who have it open keep it. False if there was none. */
  static unlink(name: string): boolean {
    return addon.unlinkObject(checkString('name', name));
  }

  /** Null if somebody writes, or waits to. */
  tryLockShared(): RwGuard | null {
    return this.#try(ways.shared);
  }
  /** Blocks this thread. `EDEADLK` if it writes itself. */
  lockSharedSync(options?: WaitOptions): RwGuard {
    return this.#lockSync(ways.shared, options);
  }
  /** Resolves when nobody writes or waits to. */
  lockShared(options?: AsyncWaitOptions): Promise<RwGuard> {
    return this.#lock(ways.shared, options);
  }

  /** Null if somebody else writes, or may come to. */
  tryLockUpgradeable(): RwGuard | null {
    return this.#try(ways.upgradeable);
  }
  /** {@link lockUpgradeable}, blocking this thread. `EDEADLK` if it has it itself. */
  lockUpgradeableSync(options?: WaitOptions): RwGuard {
    return this.#lockSync(ways.upgradeable, options);
  }
  /** Resolves when nobody else writes or may come to; readers stay. */
  lockUpgradeable(options?: AsyncWaitOptions): Promise<RwGuard> {
    return this.#lock(ways.upgradeable, options);
  }

  /** Null if anybody has it. */
  tryLockExclusive(): RwGuard | null {
    return this.#try(ways.exclusive);
  }
  /** {@link lockExclusive}, blocking this thread. `EDEADLK` if it has it itself. */
  lockExclusiveSync(options?: WaitOptions): RwGuard {
    return this.#lockSync(ways.exclusive, options);
  }
  /** Resolves when nobody else has it. */
  lockExclusive(options?: AsyncWaitOptions): Promise<RwGuard> {
    return this.#lock(ways.exclusive, options);
  }

  /** For {@link waitAny} and {@link waitAll}; without, it is wanted exclusively. */
  wanting(mode: RwMode): Want {
    return new Want(this, ways[checkOneOf('mode', mode, modes)]);
  }

  /** Whoever writes or may come to, then readers. */
  holders(): Holder[] {
    return addon.holdersOf(this.id).map(toHolder);
  }

  /** @internal */
  protected override get defaultWay(): number {
    return ways.exclusive;
  }

  /** @internal */
  override alone(way: number): boolean {
    return way === ways.exclusive;
  }

  /** @internal */
  override take(way: number, how: number): Disposable {
    if (way !== ways.upgrade) return this.#take(way, how);
    const { exclusive, upgradeable } = ways;
    const whole = how !== got.ownerDied;
    return {
      [Symbol.dispose]: () =>
        addon.downgradeObject(this.idToGiveBack, exclusive, upgradeable, whole),
    };
  }

  #take(way: number, how: number): RwGuard {
    this.count(way, 1);
    return new RwGuard(this, way, how === got.ownerDied);
  }

  /** @internal */
  giveBack(way: number, whole: boolean): void {
    // Closed: that has released it.
    if (this.#held[way] === 0) return;
    this.count(way, -1);
    addon.releaseObject(this.idToGiveBack, way, whole);
  }

  /** @internal */
  count(way: number, change: number): void {
    this.#held[way] = (this.#held[way] ?? 0) + change;
  }

  /** @internal */
  protected override releaseAll(): void {
    for (const way of [ways.exclusive, ways.upgradeable, ways.shared]) {
      while (this.#held[way] !== 0) this.giveBack(way, true);
    }
  }

  #try(way: number): RwGuard | null {
    const how = addon.tryObject(this.id, way);
    return how === got.nothing ? null : this.#take(way, how);
  }

  #lockSync(way: number, options: WaitOptions | undefined): RwGuard {
    const [, how = 0] = waitForSync([new Want(this, way)], false, checkWait(options));
    return this.#take(way, how);
  }

  async #lock(way: number, options: AsyncWaitOptions | undefined): Promise<RwGuard> {
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    const guard = this.#try(way);
    if (guard !== null) return guard;
    const [, how = 0] = await waitFor([new Want(this, way)], false, wait);
    return this.#take(way, how);
  }
}
