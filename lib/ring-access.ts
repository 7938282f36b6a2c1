// RingAccess: a queue's messages, by the steps in JavaScript where they can be made, by the core
// otherwise.
import type { CrossmemError } from './errors.js';
import type { BatchMemory } from './fast/batch.js';
import { CONSUMERS } from './fast/layout.js';
import { type Accept, receive, receiveMany } from './fast/receive.js';
import { FastRing, isAwaited, isEmpty, mostAtOnce, UNLOCK, WAKE } from './fast/ring.js';
import { sendBatch, sendMany } from './fast/send.js';
import type { Source } from './inbox.js';
import { addon } from './native.js';
import type { SharedObject } from './shared-object.js';

export class RingAccess implements Source {
  readonly #object: SharedObject;
  /** Undefined where memory cannot be seen from JavaScript (Electron), and while closed. */
  #ring: FastRing | undefined;
  readonly #one: Uint8Array[] = [];
  /** Received in one step, and not taken yet: which of how many is the next one. */
  #batch: ArrayBufferLike | undefined;
  #index = 0;
  #count = 0;
  tag = 0;

  constructor(object: SharedObject, capacity: number) {
    this.#object = object;
    try {
      const memory = addon.objectMemory(object.id);
      this.#ring = new FastRing(memory, addon.agentWord(), capacity);
    } catch (error) {
      const { code } = error as CrossmemError;
      if (code !== 'ERR_CROSSMEM_NO_EXTERNAL_BUFFERS') throw error;
    }
  }

  get memory(): ArrayBufferLike | undefined {
    return this.#ring?.bytes.buffer;
  }

  /** Nothing is kept from being unmapped. */
  close(): void {
    this.#ring = undefined;
  }

  send(message: Uint8Array, tag: number): boolean {
    const ring = this.#ring;
    if (ring !== undefined) {
      this.#letGo(ring);
      // Who sleeps is woken by the core, which had better do all of it: after a silence V8 has cold,
      // hardly optimised code, that takes four times as long as the core's.
      if (isAwaited(ring)) return addon.sendMessage(this.#object.id, message, tag);
    }
    this.#one[0] = message;
    return this.sendMany(this.#one, 0, tag) === 1;
  }

  /** How many of them, from `begin` on: as many as there is room for, in some steps if they are many. */
  sendMany(messages: readonly Uint8Array[], begin: number, tag: number): number {
    const ring = this.#ring;
    if (ring !== undefined) {
      this.#letGo(ring);
      const done = sendMany(ring, messages, begin, tag);
      try {
        this.#letGo(ring);
      } catch {}
      if (done) return ring.count;
    }
    return addon.sendMessage(this.#object.id, messages[begin] as Uint8Array, tag) ? 1 : 0;
  }

  /** The same for messages of a batch. */
  sendBatch(batch: BatchMemory, begin: number, tag: number): number {
    const ring = this.#ring;
    if (ring !== undefined) {
      this.#letGo(ring);
      const done = sendBatch(ring, batch, begin, tag);
      try {
        this.#letGo(ring);
      } catch {}
      if (done) return ring.count;
    }
    return addon.sendMessage(this.#object.id, batch.message(begin), tag) ? 1 : 0;
  }

  isEmpty(): boolean {
    return this.#batch === undefined && (this.#ring === undefined || isEmpty(this.#ring));
  }

  /** The next message; `ahead`: so many are going to be taken, this one included. */
  take(ahead = 1): Uint8Array | undefined {
    const ring = this.#ring;
    if (ring !== undefined) {
      if (this.#batch !== undefined) return this.#next(ring, this.#batch);
      if (isEmpty(ring)) return undefined;
      this.#letGo(ring);
      if (ahead > 1) {
        const done = receiveMany(ring, ahead);
        try {
          this.#letGo(ring);
        } catch {}
        if (done) return this.#begin(ring);
      }
      const done = receive(ring);
      try {
        this.#letGo(ring);
      } catch {}
      if (done) {
        const { received } = ring;
        ring.received = undefined;
        this.tag = ring.tag;
        return received;
      }
    }
    const [message, tag = 0] = addon.receiveMessage(this.#object.id) ?? [];
    this.tag = tag;
    return message;
  }

  /** Adds messages that are there to a batch, if that can be done in one step: how many. */
  takeBatch(batch: BatchMemory, accept: Accept): number {
    const ring = this.#ring;
    if (ring === undefined || this.#batch !== undefined || isEmpty(ring)) return 0;
    this.#letGo(ring);
    const done = receiveMany(ring, mostAtOnce, batch, accept);
    try {
      this.#letGo(ring);
    } catch {}
    return done ? ring.count : 0;
  }

  #begin(ring: FastRing): Uint8Array {
    // Asked for once: it is a call into C++.
    const batch = (ring.received as Uint8Array).buffer;
    ring.received = undefined;
    this.#batch = batch;
    this.#index = 0;
    this.#count = ring.count;
    return this.#next(ring, batch);
  }

  /** Those that were received in one step share their memory, as small Buffers do. */
  #next(ring: FastRing, batch: ArrayBufferLike): Uint8Array {
    const { offsets, lengths } = ring.told;
    const message = new Uint8Array(batch, offsets[this.#index], lengths[this.#index]);
    this.tag = ring.tags[this.#index] as number;
    this.#index += 1;
    if (this.#index === this.#count) this.#batch = undefined;
    return message;
  }

  /**
   * What the last step has left to do. Should there be no stack for it, or for this call, the next step
   * does it: what was sent, or received, is not to be thrown away.
   */
  #letGo(ring: FastRing): void {
    const { holds, owes } = ring;
    if (holds === 0) return;
    addon.finishStep(
      this.#object.id,
      holds === CONSUMERS,
      (owes & UNLOCK) !== 0,
      (owes & WAKE) !== 0,
    );
    ring.holds = 0;
  }
}
