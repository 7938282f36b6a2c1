// MessageBatch: messages side by side in memory of one's own, without an array for each.
import type { Memory } from './codec.js';
import { invalidType, makeError, outOfRange } from './errors.js';
import { BatchMemory } from './fast/batch.js';
import { UNIT } from './fast/layout.js';
import { type Bytes, checkBytes, checkMemory } from './validate.js';

const defaultCapacity = 65_536;
/** No queue takes a longer message. */
const longest = 2 ** 29;

function checkLength(length: unknown): number {
  const checked = checkBytes('length', length);
  if (checked > longest) throw outOfRange('length', `<= ${longest}`, checked);
  return checked;
}

/**
 * Messages side by side in one piece of memory, sent and received together: the fastest way to send
 * many small ones, because there is no array for each. It is used again and again.
 *
 * ```js
 * const batch = new MessageBatch();
 * const numbers = new Float64Array(batch.bytes.buffer);
 * for (let i = 0; i < 100; i += 1) numbers[batch.allocate(8) / 8] = i;
 * await queue.sendBatch(batch);
 *
 * await queue.receiveBatch(batch);
 * for (let i = 0; i < batch.length; i += 1) console.log(numbers[batch.offset(i) / 8]);
 * ```
 *
 * Of one thread. While it is being sent, or waits for messages, it is in use: all that would change it
 * throws `ERR_INVALID_STATE`.
 */
export class MessageBatch implements Iterable<Uint8Array> {
  readonly #memory: BatchMemory;
  #inUse = false;

  /**
   * An empty one.
   *
   * @param capacity Bytes of all messages in it, with 16 for each, rounded up to a multiple of 16: 0 to
   *   2^30. Default 64 KiB.
   */
  constructor(capacity: Bytes = defaultCapacity) {
    const bytes = checkBytes('capacity', capacity);
    if (bytes > 2 * longest) throw outOfRange('capacity', `<= ${2 * longest}`, bytes);
    this.#memory = new BatchMemory(Math.ceil(bytes / UNIT) * UNIT);
  }

  /**
   * Its memory. A message of any length fits into an empty batch: for one that is longer than there is
   * room for it gets other memory.
   */
  get bytes(): Uint8Array {
    return this.#memory.bytes;
  }

  /** How many messages are in it. */
  get length(): number {
    return this.#memory.count;
  }

  /** Where in {@link bytes} this message begins, a multiple of 16. `index`: 0 to {@link length} - 1. */
  offset(index: number): number {
    if (!(index < this.#memory.count)) this.#throwNone(index);
    return this.#memory.offsets[index] ?? this.#throwNone(index);
  }

  /** How many bytes this message has. `ERR_OUT_OF_RANGE` if there is none of this index. */
  byteLength(index: number): number {
    if (!(index < this.#memory.count)) this.#throwNone(index);
    return this.#memory.lengths[index] ?? this.#throwNone(index);
  }

  /** This message, as a view of {@link bytes}. */
  message(index: number): Uint8Array {
    this.offset(index);
    return this.#memory.message(index);
  }

  /** A view of each message. */
  *[Symbol.iterator](): IterableIterator<Uint8Array> {
    for (let i = 0; i < this.length; i += 1) yield this.message(i);
  }

  /**
   * Room for a message of this length at the end: where it begins in {@link bytes}, a multiple of 16,
   * or -1 if it does not fit any more. What was there before may still be in it. `ERR_OUT_OF_RANGE` for
   * more than 2^29 bytes, which no queue takes.
   */
  allocate(length: Bytes): number {
    this.#checkFree();
    return this.#memory.allocate(checkLength(length));
  }

  /** Copies a message of up to 2^29 bytes to the end. False if it does not fit any more. */
  add(message: Memory): boolean {
    this.#checkFree();
    const bytes = checkMemory('message', message);
    checkLength(bytes.length);
    return this.#memory.add(bytes);
  }

  /** Removes all messages. */
  clear(): void {
    this.#checkFree();
    this.#memory.clear();
  }

  /** @internal */
  get memory(): BatchMemory {
    this.#checkFree();
    return this.#memory;
  }

  /** @internal Nobody changes it until then. */
  async useFor<T>(work: Promise<T>): Promise<T> {
    this.#inUse = true;
    try {
      return await work;
    } finally {
      this.#inUse = false;
    }
  }

  #checkFree(): void {
    if (!this.#inUse) return;
    const text = 'the batch is being sent, or waits for messages';
    throw makeError('ERR_INVALID_STATE', undefined, undefined, text);
  }

  #throwNone(index: number): never {
    throw outOfRange('index', `an integer >= 0 and < ${this.length}`, index);
  }
}

export function checkBatch(value: unknown): MessageBatch {
  if (value instanceof MessageBatch) return value;
  throw invalidType('batch', 'an instance of MessageBatch', value);
}
