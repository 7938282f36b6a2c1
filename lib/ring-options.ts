// What queues and topics are opened with.
import type { CrossmemError } from './errors.js';
import type { ObjectParts } from './shared-object.js';
import { type Bytes, checkBytes, checkInteger, checkOptionalBytes } from './validate.js';

/**
 * How much a ring of messages holds: options of {@link Queue}, {@link Topic} and {@link
 * BroadcastChannel}.
 */
export interface RingOptions {
  /**
   * Bytes of all messages in it, with 16 for each: 4 KiB to 1 GiB, rounded up to a power of two. A
   * message has half of it at most. Default: what it has, or 1 MiB if it is made.
   */
  capacity?: Bytes | undefined;
}

export const defaultCapacity = 1 << 20;
const leastCapacity = 4096;
const mostCapacity = 2 ** 30;
/** Bytes before the messages, and before each. */
const header = 4096;
const recordHeader = 16;

/** Undefined: as it is. */
export function checkCapacity(options: RingOptions): number | undefined {
  const capacity = checkOptionalBytes('options.capacity', options.capacity);
  if (capacity === undefined) return undefined;
  return checkInteger('options.capacity', capacity, 1, mostCapacity);
}

/** What a ring has for whom so much is enough. */
export const ringCapacity = (capacity: number): number =>
  2 ** Math.ceil(Math.log2(Math.max(capacity, leastCapacity)));

/** Bytes of a ring in a mapping. */
export function ringSize(capacity: Bytes): number {
  const checked = checkInteger('capacity', checkBytes('capacity', capacity), 1, mostCapacity);
  return header + ringCapacity(checked);
}

/** Half of it: then a message fits whatever the tail. */
export const longestIn = (capacity: number): number => capacity / 2 - recordHeader;

const isCode = (error: unknown, code: string) => (error as CrossmemError).code === code;

/** Whoever has no wish for its capacity takes it as it is, or makes it with `fallback`. */
export function openOrMake(
  open: (parameter: number | undefined) => ObjectParts,
  parameter: number | undefined,
  fallback: number,
): ObjectParts {
  if (parameter !== undefined) return open(parameter);
  try {
    return open(undefined);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
  try {
    return open(fallback);
  } catch (error) {
    // Somebody has just made it, with another capacity; or it is something else.
    if (!isCode(error, 'ERR_INVALID_ARG_VALUE')) throw error;
    return open(undefined);
  }
}
