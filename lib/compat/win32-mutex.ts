// Mutex of node-filemap: Win32's, recursive and owned by a thread, on crossmem's.
import { Mutex as CrossmemMutex, type Guard, waitAllSync, waitAnySync } from '../index.js';
import { checkArguments, failingAs, isBoolean, isNumber, isString, onlyWithNew } from './win32.js';

/** As JavaScript saw it: 0xFFFFFFFF means the same. */
export const INFINITE = -1;
export const WAIT_OBJECT_0 = 0;
export const WAIT_ABANDONED = 128;
export const WAIT_TIMEOUT = 258;

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

/** Of Win32, every character but the slash is allowed; of ours, only up to 200 bytes. */
export const toName = (name: string) => name.replaceAll('/', '\u2215');

function toOptions(milliseconds: number): { timeout?: number } {
  const span = milliseconds >>> 0;
  return span === INFINITE >>> 0 ? {} : { timeout: span };
}

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

function isMutexList(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => one instanceof Win32Mutex);
}

/** A named mutex of Win32's kind: recursive, and owned by the thread that waited for it. */
export interface NamedMutex {
  /** Makes the mutex of this name, or opens it if there is one. */
  create(name: string): void;
  /** Opens a mutex that another process has created. */
  open(name: string): void;
  /** Whoever closes a mutex that it owns abandons it when it ends. */
  close(): void;
  /**
   * Blocks this thread until it owns the mutex: `WAIT_OBJECT_0`, `WAIT_ABANDONED` if whoever owned
   * it died, `WAIT_TIMEOUT`. One {@link release} is due for each.
   */
  wait(milliseconds?: number): number;
  /**
   * The same for one of many (`WAIT_OBJECT_0` and its index, `WAIT_ABANDONED` and its index), or for
   * all of them.
   */
  waitMultiple(mutexes: readonly NamedMutex[], all: boolean, milliseconds: number): number;
  /** Nothing happens if this thread does not own it. */
  release(): void;
}

class Win32Mutex implements NamedMutex {
  #opened: Owned | undefined;

  create(...rest: unknown[]): void {
    this.#open('create', true, rest);
  }

  open(...rest: unknown[]): void {
    this.#open('open', false, rest);
  }

  #open(what: 'create' | 'open', create: boolean, rest: unknown[]): void {
    checkArguments(`Mutex.${what}`, rest, [isString]);
    const name = toName(rest[0] as string);
    this.close();
    let one = owned.get(name);
    if (one === undefined) {
      const mutex = failingAs('Failed to create mutex', () => CrossmemMutex.open(name, { create }));
      one = { name, mutex, guard: undefined, depth: 0, users: 0 };
      owned.set(name, one);
    }
    one.users += 1;
    this.#opened = one;
  }

  close(): void {
    const one = this.#opened;
    this.#opened = undefined;
    if (one === undefined || --one.users > 0 || one.depth > 0) return;
    owned.delete(one.name);
    one.mutex.close();
  }

  wait(...rest: unknown[]): number {
    const [milliseconds = INFINITE] = rest;
    if (!isNumber(milliseconds)) throw new TypeError('Wrong type arguments to Mutex.wait');
    return failingAs('Failed to wait on mutex', () => {
      const one = this.#handle();
      if (one.depth > 0) return take(one, undefined) ? WAIT_ABANDONED : WAIT_OBJECT_0;
      const options = toOptions(milliseconds as number);
      const guard = unlessTimedOut(() => one.mutex.lockSync(options));
      if (guard === undefined) return WAIT_TIMEOUT;
      return take(one, guard) ? WAIT_ABANDONED : WAIT_OBJECT_0;
    });
  }

  waitMultiple(...rest: unknown[]): number {
    checkArguments('Mutex.waitMultiple', rest, [isMutexList, isBoolean, isNumber]);
    const [mutexes, all, milliseconds] = rest as [Win32Mutex[], boolean, number];
    return failingAs('Failed to wait on mutex', () => {
      if (mutexes.length === 0) {
        throw Object.assign(new Error('nothing to wait for'), { code: 'EINVAL' });
      }
      const wanted = mutexes.map((one) => one.#handle());
      const options = toOptions(milliseconds);
      return all ? waitForAll(wanted, options) : waitForAny(wanted, options);
    });
  }

  release(): void {
    const one = this.#opened;
    if (one === undefined || one.depth === 0) return;
    one.depth -= 1;
    if (one.depth > 0) return;
    one.guard?.release();
    one.guard = undefined;
  }

  #handle(): Owned {
    if (this.#opened === undefined) {
      throw Object.assign(new Error('not open'), { code: 'ERR_CROSSMEM_CLOSED' });
    }
    return this.#opened;
  }
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

export const Mutex: new () => NamedMutex = onlyWithNew('Mutex', Win32Mutex);
