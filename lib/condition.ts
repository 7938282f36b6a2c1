// Condition: waiting, with a mutex let go, for others to change what it guards.
import { invalidType, timedOut } from './errors.js';
import { Guard } from './guard.js';
import { internal, type Mapping } from './mapping.js';
import { Mutex } from './mutex.js';
import { addon, got, kinds } from './native.js';
import { openByName, openInMapping, SharedObject, waitFor } from './shared-object.js';
import { type Bytes, checkString } from './validate.js';
import { type AsyncWaitOptions, checkWait, type WaitOptions } from './wait-options.js';

function heldBy(guard: Guard): Mutex {
  if (!(guard instanceof Guard) || !(guard.lender instanceof Mutex)) {
    throw invalidType('guard', 'the guard of a Mutex, and not released', guard);
  }
  return guard.lender;
}

/**
 * A condition variable between threads and processes, used with any one {@link Mutex}. A wait may end
 * without a notification: wait in a loop.
 *
 * ```js
 * using guard = await mutex.lock();
 * while (queueIsEmpty()) await condition.wait(guard);
 * ```
 */
export class Condition extends SharedObject {
  /** Bytes of a condition in a mapping. */
  static readonly size = 32;

  /** Opens the condition of this name, or makes it. Names: 1 to 200 bytes of UTF-8 without `/`. */
  static open(name: string): Condition {
    return new Condition(internal, openByName(kinds.condition, undefined, name));
  }

  /** The condition at this place of a mapping; see {@link Mutex.at}. */
  static at(mapping: Mapping, offset: Bytes): Condition {
    return new Condition(internal, openInMapping(kinds.condition, undefined, mapping, offset));
  }

  /** Removes the name; those who have it open keep it. False if there was none. */
  static unlink(name: string): boolean {
    return addon.unlinkObject(checkString('name', name));
  }

  /**
   * Releases the mutex, waits for a notification, and locks it again, in every case: also when it
   * rejects, because the time was over or `signal` was aborted, the guard is held. It may tell
   * `ownerDied` then.
   */
  async wait(guard: Guard, options?: AsyncWaitOptions): Promise<void> {
    const mutex = heldBy(guard);
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    // What is a notification from here on is known before others can change anything.
    const notified = waitFor([this.wantedByDefault], false, wait);
    // A handler from the beginning: it may fail before the mutex is got again.
    const settled = notified.then(
      () => undefined,
      (reason) => ({ reason }),
    );
    guard.release();
    const failure = await settled;
    const again = await mutex.lock();
    guard.change(mutex, 0, again.ownerDied);
    if (failure !== undefined) throw failure.reason;
  }

  /** {@link wait}, blocking this thread. */
  waitSync(guard: Guard, options?: WaitOptions): void {
    const mutex = heldBy(guard);
    const { timeout } = checkWait(options);
    const [notified, how] = addon.waitCondition(this.id, mutex.id, guard.whole, timeout);
    guard.change(mutex, 0, how === got.ownerDied);
    if (!notified) throw timedOut('notification', timeout ?? 0, this.name);
  }

  /** Wakes one who waits, if there is one. With the mutex held or not. */
  notify(): void {
    addon.notifyCondition(this.id, false);
  }

  /** Wakes all who wait. With the mutex held or not. */
  notifyAll(): void {
    addon.notifyCondition(this.id, true);
  }

  /** @internal */
  override get givesBack(): boolean {
    return false;
  }

  /** @internal */
  override take(): undefined {
    return undefined;
  }
}
