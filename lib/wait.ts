// waitAny and waitAll: one of several objects of any kinds, or all of them.
import { constants } from 'node:os';
import { invalidType, makeError } from './errors.js';
import type { Guard } from './guard.js';
import { SharedObject, takeAll, Want, waitFor, waitForSync } from './shared-object.js';
import { type AsyncWaitOptions, checkWait, type WaitOptions } from './wait-options.js';

/**
 * A {@link Mutex}, {@link RwLock} (exclusive), {@link Semaphore} or {@link CountingSemaphore} (one of
 * it), {@link Event} or {@link Barrier}, or what `wanting()` of a lock or semaphore returns.
 */
export type Waitable = SharedObject | Want;

/** What {@link waitAny} has got. */
export interface AnyResult {
  /** Of the object in the list. */
  index: number;
  /** Of a lock or permits. */
  guard?: Guard;
}

function toWants(objects: readonly Waitable[]): Want[] {
  if (!Array.isArray(objects) || objects.length === 0) {
    throw invalidType('objects', 'an array of at least one lock, semaphore or event', objects);
  }
  // Not `map`, which skips holes.
  return Array.from(objects, (one: unknown, i) => {
    if (one instanceof Want) return one;
    if (one instanceof SharedObject) return one.wantedByDefault;
    throw invalidType(`objects[${i}]`, 'a lock, semaphore or event of crossmem', one);
  });
}

/** For all: whoever wants a lock twice would wait for himself. */
function toAllWants(objects: readonly Waitable[]): Want[] {
  const wants = toWants(objects);
  wants.forEach((want, i) => {
    if (wants.slice(0, i).some((other) => want.excludes(other))) {
      const { EDEADLK } = constants.errno;
      const text = 'the same lock twice: it would be waited for for ever';
      throw makeError(EDEADLK, 'wait', want.object.name, text);
    }
  });
  return wants;
}

function isGuard(taken: Disposable | undefined): taken is Guard {
  return taken !== undefined && 'release' in taken;
}

function toAny(wants: readonly Want[], result: readonly number[]): AnyResult {
  const [taken] = takeAll(wants, false, result);
  const [index = 0] = result;
  return isGuard(taken) ? { index, guard: taken } : { index };
}

function toAll(wants: readonly Want[], result: readonly number[]): (Guard | undefined)[] {
  return takeAll(wants, true, result).map((taken) => (isGuard(taken) ? taken : undefined));
}

/** Resolves with the first of the objects that can be got; they take turns. Any number of them. */
export async function waitAny(
  objects: readonly Waitable[],
  options?: AsyncWaitOptions,
): Promise<AnyResult> {
  const wants = toWants(objects);
  const wait = checkWait(options);
  wait.signal?.throwIfAborted();
  return toAny(wants, await waitFor(wants, false, wait));
}

/** {@link waitAny}, blocking this thread. */
export function waitAnySync(objects: readonly Waitable[], options?: WaitOptions): AnyResult {
  const wants = toWants(objects);
  return toAny(wants, waitForSync(wants, false, checkWait(options)));
}

/**
 * Resolves when all of the objects are got: with a guard for each lock and for permits, in the same
 * order. They are taken one after the other, in the order of their names (in mappings: of their
 * places), so that two who want the same do not wait for each other; what was got is given back if
 * the wait ends without all.
 */
export async function waitAll(
  objects: readonly Waitable[],
  options?: AsyncWaitOptions,
): Promise<(Guard | undefined)[]> {
  const wants = toAllWants(objects);
  const wait = checkWait(options);
  wait.signal?.throwIfAborted();
  return toAll(wants, await waitFor(wants, true, wait));
}

/** {@link waitAll}, blocking this thread. */
export function waitAllSync(
  objects: readonly Waitable[],
  options?: WaitOptions,
): (Guard | undefined)[] {
  const wants = toAllWants(objects);
  return toAll(wants, waitForSync(wants, true, checkWait(options)));
}
