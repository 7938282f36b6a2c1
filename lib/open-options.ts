// What can be opened, and the options that every opener has.
import type { FileHandle } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { invalidType, invalidValue, outOfRange } from './errors.js';
import type { Access, Advice, Fault } from './mapping-types.js';
import { facts } from './native.js';
import { checkBit, checkBytes, checkFunction, checkOneOf, checkString } from './validate.js';

/** A path, a `file:` URL, the bytes of a path, a descriptor, or what `fs.promises.open` gave. */
export type FileSource = string | URL | Buffer | number | FileHandle;

/** Options of everything that opens a mapping. */
export interface OpenOptions {
  /** Read every page now. Blocks; see {@link Mapping.prefetch}. */
  populate?: boolean | undefined;
  /** Ask for transparent huge pages; a hint, never an error. */
  hugePages?: boolean | undefined;
  /** Keep in RAM; see {@link Mapping.lock}. */
  lock?: boolean | undefined;
  /** See {@link Mapping.advise}. */
  advise?: Advice | undefined;
  /** `false`: faults in this mapping are the program's own. Default `true`. */
  faultGuard?: boolean | undefined;
  /** Told of every fault, on the event loop; does not keep it running. */
  onFault?: ((fault: Fault) => void) | undefined;
}

const accesses: readonly Access[] = ['read', 'readwrite', 'private'];

/** A path or a descriptor. */
export function checkSource(source: unknown): string | number {
  if (typeof source === 'number') {
    if (!Number.isInteger(source)) throw outOfRange('file', 'an integer', source);
    if (source < 0 || source > 2 ** 31 - 1) {
      throw outOfRange('file', '>= 0 and <= 2147483647', source);
    }
    return source;
  }
  const path = checkPath(source);
  if (typeof path === 'number') return checkSource(path);
  if (path.includes('\0')) throw invalidValue('file', 'a path without null bytes', path);
  if (path === '') throw invalidValue('file', 'a path that is not empty', path);
  return path;
}

function checkPath(source: unknown): string | number {
  if (typeof source === 'string') return source;
  if (source instanceof URL) return fileURLToPath(source);
  if (source instanceof Uint8Array) return Buffer.from(source).toString();
  if (typeof source === 'object' && source !== null && 'fd' in source) {
    if (typeof source.fd === 'number') return source.fd;
  }
  throw invalidType('file', 'a path, a file: URL, a descriptor or a FileHandle', source);
}

const defaultMode = 0o600;

/** Permission bits: a number, or octal text as Node takes it. */
export function checkMode(value: unknown): number {
  if (value === undefined) return defaultMode;
  if (typeof value === 'string') {
    if (!/^(0o)?[0-7]{1,4}$/.test(value)) {
      throw invalidValue('options.mode', 'a number or octal text, such as 0o600', value);
    }
    return checkMode(Number.parseInt(value.replace('0o', ''), 8));
  }
  const mode = checkBytes('options.mode', value);
  if (mode > 0o777) throw outOfRange('options.mode', '>= 0 and <= 0o777', mode);
  return mode;
}

const accessBits = { read: 0, readwrite: facts.flags.readwrite, private: facts.flags.private };

/** As bits of an open request. */
export function checkAccess(value: unknown, fallback: Access): number {
  return accessBits[value === undefined ? fallback : checkOneOf('options.access', value, accesses)];
}

/** The boolean ones as bits of an open request. */
export function checkOpenOptions(options: OpenOptions): number {
  checkFunction('options.onFault', options.onFault);
  return (
    checkBit('populate', options, false) |
    checkBit('hugePages', options, false) |
    checkBit('lock', options, false) |
    checkBit('faultGuard', options, true)
  );
}

export function checkAdvice({ advise }: OpenOptions): string | undefined {
  return advise === undefined ? undefined : checkString('options.advise', advise);
}
