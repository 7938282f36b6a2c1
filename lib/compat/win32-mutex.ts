// Mutex of node-filemap: Win32's, recursive and owned by a thread.
import {
  checkArguments,
  failingAs,
  INFINITE,
  isBoolean,
  isNumber,
  isString,
  onlyWithNew,
} from './win32.js';
import { mutexes } from './win32-objects.js';

/** Milliseconds, undefined for ever. */
function toTimeout(milliseconds: number): number | undefined {
  const span = milliseconds >>> 0;
  return span === INFINITE >>> 0 ? undefined : span;
}

/** Holes are no mutexes: `every` alone would pass them over. */
function isMutexList(value: unknown): boolean {
  return Array.isArray(value) && Array.from(value).every(Win32Mutex.isOne);
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
  #handle: object | undefined;

  create(...rest: unknown[]): void {
    this.#open('create', rest);
  }

  open(...rest: unknown[]): void {
    this.#open('open', rest);
  }

  #open(what: 'create' | 'open', rest: unknown[]): void {
    checkArguments(`Mutex.${what}`, rest, [isString]);
    const handle = failingAs('Failed to create mutex', () =>
      mutexes.open(rest[0] as string, what === 'create'),
    );
    // Not before: with its last handle a mutex goes, and with it whose it is.
    this.close();
    this.#handle = handle;
  }

  close(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle !== undefined) mutexes.close(handle);
  }

  wait(...rest: unknown[]): number {
    const [milliseconds = INFINITE] = rest;
    if (!Win32Mutex.isOne(this) || !isNumber(milliseconds)) {
      throw new TypeError('Wrong type arguments to Mutex.wait');
    }
    return waitFor([this], false, milliseconds as number);
  }

  waitMultiple(...rest: unknown[]): number {
    checkArguments('Mutex.waitMultiple', rest, [isMutexList, isBoolean, isNumber]);
    return waitFor(...(rest as [Win32Mutex[], boolean, number]));
  }

  release(): void {
    if (this.#handle !== undefined) mutexes.release(this.#handle);
  }

  /** Made by the class; the prototype alone does not make one. */
  static isOne(this: void, value: unknown): boolean {
    return typeof value === 'object' && value !== null && #handle in value;
  }

  static handleOf(mutex: Win32Mutex): object {
    if (mutex.#handle === undefined) {
      throw Object.assign(new Error('not open'), { code: 'ERR_CROSSMEM_CLOSED' });
    }
    return mutex.#handle;
  }
}

function waitFor(wanted: readonly Win32Mutex[], all: boolean, milliseconds: number): number {
  return failingAs('Failed to wait on mutex', () => {
    if (wanted.length === 0) {
      throw Object.assign(new Error('nothing to wait for'), { code: 'EINVAL' });
    }
    return mutexes.wait(wanted.map(Win32Mutex.handleOf), all, toTimeout(milliseconds));
  });
}

export const Mutex: new () => NamedMutex = onlyWithNew('Mutex', Win32Mutex);
