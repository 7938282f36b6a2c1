// Mutexes of Win32's kind, recursive and owned by a thread, on crossmem's.
import { Mutex as CrossmemMutex, type Guard, waitAllSync, waitAnySync } from '../index.js';
import { toName, WAIT_ABANDONED, WAIT_OBJECT_0, WAIT_TIMEOUT } from './win32.js';
import type { Mutexes } from './win32-objects.js';

/** A mutex of this thread, whichever objects have opened it. */
interface Owned {
  name: string;
  mutex: CrossmemMutex;
  guard: Guard | undefined;
  /** How often it is to be released. */
  depth: number;
  users: number;
}

const owned = new Map<string, Owned>();

/** Undefined if the time was over. */
function unlessTimedOut<T>(wait: () => T): T | undefined {
  try {
    return wait();
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_CROSSMEM_TIMEOUT') return undefined;
    throw error;
  }
}

/** Whether it was abandoned. Win32 tells once. */
function take(one: Owned, guard: Guard | undefined): boolean {
  one.depth += 1;
  if (guard === undefined) return false;
  one.guard = guard;
  const abandoned = guard.ownerDied;
  guard.markConsistent();
  return abandoned;
}

function waitForAny(wanted: readonly Owned[], options: { timeout?: number }): number {
  // The first in the list of those that are free, as Win32 has it.
  for (const [index, one] of wanted.entries()) {
    if (one.depth > 0) return WAIT_OBJECT_0 + (take(one, undefined) ? WAIT_ABANDONED : 0) + index;
    const guard = one.mutex.tryLock();
    if (guard !== null) return (take(one, guard) ? WAIT_ABANDONED : WAIT_OBJECT_0) + index;
  }
  const got = unlessTimedOut(() =>
    waitAnySync(
      wanted.map(({ mutex }) => mutex),
      options,
    ),
  );
  if (got === undefined) return WAIT_TIMEOUT;
  const abandoned = take(wanted[got.index] as Owned, got.guard);
  return (abandoned ? WAIT_ABANDONED : WAIT_OBJECT_0) + got.index;
}

function waitForAll(wanted: readonly Owned[], options: { timeout?: number }): number {
  const free = [...new Set(wanted.filter(({ depth }) => depth === 0))];
  const mutexes = free.map(({ mutex }) => mutex);
  const guards = free.length === 0 ? [] : unlessTimedOut(() => waitAllSync(mutexes, options));
  if (guards === undefined) return WAIT_TIMEOUT;
  let abandoned = false;
  for (const one of wanted) {
    const at = free.indexOf(one);
    abandoned = take(one, one.depth === 0 ? guards[at] : undefined) || abandoned;
  }
  return abandoned ? WAIT_ABANDONED : WAIT_OBJECT_0;
}

export const emulatedMutexes: Mutexes<Owned> = {
  open(given, create) {
    const name = toName(given);
    let one = owned.get(name);
    if (one === undefined) {
      const mutex = CrossmemMutex.open(name, { create });
      one = { name, mutex, guard: undefined, depth: 0, users: 0 };
      owned.set(name, one);
    }
    one.users += 1;
    return one;
  },

  close(one) {
    if (--one.users > 0 || one.depth > 0) return;
    owned.delete(one.name);
    one.mutex.close();
  },

  wait(handles, all, timeout) {
    const options = timeout === undefined ? {} : { timeout };
    return all ? waitForAll(handles, options) : waitForAny(handles, options);
  },

  release(one) {
    if (one.depth === 0) return;
    one.depth -= 1;
    if (one.depth > 0) return;
    one.guard?.release();
    one.guard = undefined;
  },
};
