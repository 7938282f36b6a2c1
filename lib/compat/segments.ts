// What the drop-ins need of shared memory by name.
import { createHash } from 'node:crypto';
import { type FileLockOptions, SharedMemory, type SharedMemoryCreateOptions } from '../index.js';
import { addon } from '../native.js';

/** Exactly `size` bytes of the segment; an existing one is neither cut nor made longer. */
export function openSegment(name: string, options: SharedMemoryCreateOptions): SharedMemory {
  const found = SharedMemory.openOrCreate(name, options);
  if (found.size === options.size) return found;
  try {
    return SharedMemory.open(name, { size: options.size });
  } finally {
    found.close();
  }
}

/** What stands for a segment's lock, as `FileLock` takes it. */
export interface LockTarget {
  file: number | string;
  range: FileLockOptions;
}

/** As long as a number of JavaScript is exact. */
const hashBits = 52;

/** The segment itself; or a byte of a file that stands for its name, where memory is no file. */
export function lockTarget({ fd, name }: SharedMemory): LockTarget {
  if (addon.win32 === undefined) return { file: fd, range: { flock: true } };
  // With and without it, the object is the same.
  const object = String(name).replace(/^Local\\/, '');
  const hash = createHash('sha256').update(object).digest().readBigUInt64LE();
  const start = BigInt.asUintN(hashBits, hash);
  // One file for all of them: nobody could tell when one of its own is in use no more.
  return { file: `${addon.win32.controlDirectory()}+locks`, range: { start, length: 1 } };
}
