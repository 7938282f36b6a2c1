// The memory of a batch: messages one behind the other, as they lie in a ring.
import { markAsUntransferable } from 'node:worker_threads';
import { UNIT } from './layout.js';
import { unitsOf } from './ring.js';

/** What {@link BatchMemory.allocate} returns where a message does not fit. */
export const noRoom = -1;

export class BatchMemory {
  bytes!: Uint8Array;
  words!: Int32Array;
  /** How many messages, and where the header of the next one goes. */
  count = 0;
  used = 0;
  /** Where each message's bytes are, behind its header, and how many. */
  readonly offsets: number[] = [];
  readonly lengths: number[] = [];

  constructor(capacity: number) {
    this.#make(capacity);
  }

  clear(): void {
    this.count = 0;
    this.used = 0;
  }

  /** Room for a message at the end: where its bytes go, or {@link noRoom}. The first always fits. */
  allocate(length: number): number {
    const end = this.#endOf(length);
    return end === noRoom ? noRoom : this.#append(length, end);
  }

  /** Copies a message to the end, if it fits. */
  add(message: Uint8Array): boolean {
    const { length } = message;
    const end = this.#endOf(length);
    if (end === noRoom) return false;
    this.bytes.set(message, this.used + UNIT);
    this.#append(length, end);
    return true;
  }

  message(index: number): Uint8Array {
    const offset = this.offsets[index] as number;
    return this.bytes.subarray(offset, offset + (this.lengths[index] as number));
  }

  /** Where a message of this length at the end would end. */
  #endOf(length: number): number {
    const end = this.used + unitsOf(length) * UNIT;
    if (end > this.bytes.length) {
      if (this.count > 0) return noRoom;
      this.#make(end);
    }
    // What lies behind the message goes with it: nothing of an earlier one.
    if (length % UNIT !== 0) this.words.fill(0, end / 4 - UNIT / 4, end / 4);
    return end;
  }

  /** Makes a message of what lies there. */
  #append(length: number, end: number): number {
    const offset = this.used + UNIT;
    this.offsets[this.count] = offset;
    this.lengths[this.count] = length;
    this.count += 1;
    this.used = end;
    return offset;
  }

  #make(capacity: number): void {
    const memory = new ArrayBuffer(capacity);
    // To take it to another thread would leave the batch without it.
    markAsUntransferable(memory);
    this.bytes = new Uint8Array(memory);
    this.words = new Int32Array(memory);
  }
}
