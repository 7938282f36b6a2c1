// What the drop-in for node-filemap says in the words of Win32: constants, error numbers, arguments.
import { constants } from 'node:os';
import type { CrossmemError } from '../errors.js';

const { errno } = constants;

/** As JavaScript saw it: 0xFFFFFFFF means the same. */
export const INFINITE = -1;
export const WAIT_OBJECT_0 = 0;
export const WAIT_ABANDONED = 128;
export const WAIT_TIMEOUT = 258;

/** Of Win32, every character but the slash is allowed; of ours, only up to 200 bytes. */
export const toName = (name: string) => name.replaceAll('/', '\u2215');

/** winerror.h, for what our errors say. */
const numbers: Record<string, number> = {
  ENOENT: 2,
  EACCES: 5,
  EPERM: 5,
  ERR_CROSSMEM_FOREIGN: 5,
  ERR_CROSSMEM_CLOSED: 6,
  EBADF: 6,
  ENOMEM: 8,
  EINVAL: 87,
  ERR_INVALID_ARG_TYPE: 87,
  ERR_INVALID_ARG_VALUE: 87,
  ERR_OUT_OF_RANGE: 87,
  ENOSPC: 112,
  EEXIST: 183,
  ENAMETOOLONG: 206,
  ERR_CROSSMEM_CORRUPT: 1392,
};

/** What the original said when a call of Windows failed. */
const texts: Record<string, string> = {
  CreateFile: 'Failed to create file',
  CreateFileMapping: 'Failed to create file mapping',
  OpenFileMapping: 'Failed to open file mapping',
  MapViewOfFile: 'Failed to map view of file',
};

/**
 * Runs `work`; what it throws becomes `text`, which is the original's, or what that said of the call
 * that failed, with the number at its end.
 */
export function failingAs<T>(text: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code = '', syscall = '', winerror } = error as Partial<CrossmemError>;
    const number = winerror ?? numbers[code] ?? errno[code as keyof typeof errno] ?? code;
    const message = `${texts[syscall] ?? text}, error code: ${number}`;
    throw Object.assign(new Error(message, { cause: error }), { code });
  }
}

/** Checks as many arguments as the original did. */
export function checkArguments(
  what: string,
  given: readonly unknown[],
  types: readonly ((value: unknown) => boolean)[],
): void {
  if (given.length < types.length) throw new TypeError(`Not enough arguments to ${what}`);
  if (!types.every((fits, i) => fits(given[i]))) {
    throw new TypeError(`Wrong type arguments to ${what}`);
  }
}

export const isString = (value: unknown) => typeof value === 'string';
export const isNumber = (value: unknown) => typeof value === 'number';
export const isBoolean = (value: unknown) => typeof value === 'boolean';

/** A class that says what the original said when it is called without `new`. */
export function onlyWithNew<T extends new () => object>(name: string, original: T): T {
  Object.defineProperty(original, 'name', { value: name });
  return new Proxy(original, {
    apply() {
      throw new Error(`Must create ${name} with new`);
    },
  });
}
