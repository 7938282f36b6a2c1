// The words of a mapping's API: what is asked of the verbs and what they answer.
import type { NativeFault } from './native.js';
import type { Bytes, RangeOptions } from './validate.js';

/**
 * `'read'`: loads only. `'readwrite'`: shared with everybody who maps the file. `'private'`:
 * copy-on-write, stores stay in this process.
 */
export type Access = 'read' | 'readwrite' | 'private';

/** What loads, stores and jumps may do in a range. */
export type Protection = 'none' | 'read' | 'readwrite' | 'read-execute' | 'readwrite-execute';
export const protections: readonly Protection[] = [
  'none',
  'read',
  'readwrite',
  'read-execute',
  'readwrite-execute',
];

/** The hints of madvise(2) by the kernel's names. POSIX systems have the first five, Linux all. */
export type Advice =
  | 'normal'
  | 'random'
  | 'sequential'
  | 'willneed'
  | 'dontneed'
  | 'free'
  | 'remove'
  | 'dontfork'
  | 'dofork'
  | 'wipeonfork'
  | 'keeponfork'
  | 'mergeable'
  | 'unmergeable'
  | 'hugepage'
  | 'nohugepage'
  | 'collapse'
  | 'dontdump'
  | 'dodump'
  | 'cold'
  | 'pageout'
  | 'populate-read'
  | 'populate-write';

/**
 * A fault that the fault guard repaired.
 *
 * - `'truncated'`: the file no longer reaches the page, which reads as zeroes.
 * - `'no-space'`: the file system had no room for the page; what is stored there will be lost.
 * - `'io-error'`: the file system could not read the page, which reads as zeroes.
 * - `'read-only'`: a store to a read-only page; it stays in this process.
 * - `'protected'`: a page under `protect('none')`; it became a private copy.
 *
 * A repaired page stays repaired until {@link Mapping.refresh} or {@link Mapping.protect}.
 */
export interface Fault extends Readonly<NativeFault> {}

/** Which pages are in RAM. */
export interface Residency {
  /** Bytes in a page. */
  pageSize: number;
  /** Pages that the range touches. */
  pages: number;
  /** How many of them are in RAM. */
  resident: number;
  /** One bit a page, lowest bit first: page `i` is bit `i % 8` of byte `i >> 3`. */
  bitmap: Uint8Array;
}

/** Options of {@link Mapping.anonymous}. */
export interface AnonymousOptions {
  /** Bytes, at least 1. */
  size: Bytes;
  /** Allocate every page now instead of at first touch. */
  populate?: boolean | undefined;
  /** Ask for transparent huge pages; a hint, never an error. */
  hugePages?: boolean | undefined;
  /** Keep in RAM; `ENOMEM`, `EPERM` or `EAGAIN` beyond RLIMIT_MEMLOCK. */
  lock?: boolean | undefined;
  /** `false`: set no swap aside (MAP_NORESERVE). Default `true`. */
  reserve?: boolean | undefined;
  /** `false`: faults in this mapping are the program's own. Default `true`. */
  faultGuard?: boolean | undefined;
  /** Told of every fault, on the event loop; does not keep it running. */
  onFault?: ((fault: Fault) => void) | undefined;
}

/** Options of {@link Mapping.read}. */
export interface ReadOptions extends RangeOptions {
  /** First byte of the target. Default 0. */
  targetOffset?: Bytes | undefined;
}

/** Options of {@link Mapping.write}. */
export interface WriteOptions extends RangeOptions {
  /** First byte of the source. Default 0. */
  sourceOffset?: Bytes | undefined;
}

/** Options of {@link Mapping.flush}. */
export interface FlushOptions extends RangeOptions {
  /** Wait for the file's metadata and the device's cache too. Default `false`. */
  durable?: boolean | undefined;
}
