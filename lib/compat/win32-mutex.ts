// Mutex of node-filemap: Win32's, recursive and owned by a thread.
import type nodeFilemap = require('./node-filemap.js');

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

class Win32Mutex implements nodeFilemap.Mutex {
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

export const Mutex: {
  /** Makes one that is not open. */
  new (): nodeFilemap.Mutex;
} = onlyWithNew('Mutex', Win32Mutex);
