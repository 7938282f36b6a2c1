// Queue: messages between processes, each for one of those who receive.
import type { CrossmemError } from './errors.js';
import { DONE, FastRing, isEmpty, receive, send, UNLOCK, WAKE } from './fast/ring.js';
import { type HeldMessage, Lease, type MessageHolder, Reservation } from './held-message.js';
import { Line, nextTurn } from './line.js';
import { internal, type Mapping } from './mapping.js';
import { addon, kinds } from './native.js';
import {
  type ObjectParts,
  openByName,
  openInMapping,
  SharedObject,
  Want,
  waitForSync,
} from './shared-object.js';
import {
  type Bytes,
  checkBytes,
  checkFlag,
  checkInteger,
  checkMemory,
  checkObject,
  checkOptionalBytes,
  checkString,
} from './validate.js';
import { type AsyncWaitOptions, checkWait, type WaitOptions } from './wait-options.js';

/** Options of {@link Queue.at}. */
export interface QueueOptions {
  /**
   * Bytes of all messages in it, with 16 for each: 4 KiB to 1 GiB, rounded up to a power of two. A
   * message has half of it at most. Default: what it has, or 1 MiB if it is made.
   */
  capacity?: Bytes | undefined;
}

/** Options of {@link Queue.open}. */
export interface QueueOpenOptions extends QueueOptions {
  /** False: only if it is there, otherwise `ENOENT`. Default `true`. */
  create?: boolean | undefined;
}

/** Options of {@link Queue.receiveSync}. */
export interface ReceiveSyncOptions extends WaitOptions {
  /** So many milliseconds it looks again and again before it sleeps. Default 0.02. */
  spin?: number | undefined;
}

const defaultCapacity = 1 << 20;
const leastCapacity = 4096;
const mostCapacity = 2 ** 30;
/** Of each message, beside its bytes. */
const header = 16;
/** How many messages are handed out before the event loop has its turn. */
const burst = 512;
/** How a queue is waited for: to receive, or, with the length of a message added, to send. */
const readable = 0;
const writable = 1;

/** Undefined: as it is. */
function checkCapacity(options: QueueOptions): number | undefined {
  const capacity = checkOptionalBytes('options.capacity', options.capacity);
  if (capacity === undefined) return undefined;
  return checkInteger('options.capacity', capacity, 1, mostCapacity);
}

const isCode = (error: unknown, code: string) => (error as CrossmemError).code === code;

/** Whoever has no wish for its capacity takes it as it is. */
function openOrMake(name: string, capacity: number | undefined): ObjectParts {
  if (capacity !== undefined) return openByName(kinds.queue, capacity, name);
  for (;;) {
    try {
      return openByName(kinds.queue, undefined, name);
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error;
    }
    try {
      return openByName(kinds.queue, defaultCapacity, name);
    } catch (error) {
      // Somebody has just made it, with another capacity, or something else.
      if (!isCode(error, 'ERR_INVALID_ARG_VALUE')) throw error;
      return openByName(kinds.queue, undefined, name);
    }
  }
}

/**
 * A queue of messages between threads and processes: any number of them send, and each message is
 * received by one. It is there as a whole or not at all, whoever dies in the middle of what.
 *
 * ```js
 * using queue = Queue.open('jobs');
 * await queue.send(Buffer.from('one'));
 * for await (const message of queue) work(message);
 * ```
 *
 * Messages of one sender are received in the order in which they were sent, but for those that were
 * leased and came back. What a process has received, and not leased, is lost when it dies. A queue by
 * name outlives those who use it as long as there are messages in it.
 */
export class Queue extends SharedObject implements MessageHolder {
  /** Undefined where memory cannot be seen from JavaScript (Electron), and while closed. */
  #ring: FastRing | undefined;
  readonly #capacity: number;
  readonly #senders = new Line(this);
  readonly #receivers = new Line(this);
  readonly #held = new Set<HeldMessage>();
  #handedOut = 0;

  private constructor(token: symbol, parts: ObjectParts) {
    super(token, parts);
    this.#capacity = addon.objectParameter(parts.id);
    try {
      const memory = addon.objectMemory(parts.id);
      this.#ring = new FastRing(memory, addon.agentWord(), this.#capacity);
    } catch (error) {
      if (!isCode(error, 'ERR_CROSSMEM_NO_EXTERNAL_BUFFERS')) throw error;
    }
  }

  /** Opens the queue of this name, or makes it. Names: 1 to 200 bytes of UTF-8 without `/`. */
  static open(name: string, options?: QueueOpenOptions): Queue {
    const checked = checkObject('options', options);
    const capacity = checkCapacity(checked);
    const create = checkFlag('options.create', checked.create, true);
    const parts = create ? openOrMake(name, capacity) : openByName(kinds.queue, undefined, name);
    return new Queue(internal, parts);
  }

  /**
   * The queue at this place of a mapping that others share, a multiple of 64 bytes: made if the memory
   * is zeroes. It has {@link Queue.size} bytes.
   */
  static at(mapping: Mapping, offset: Bytes, options?: QueueOptions): Queue {
    const capacity = checkCapacity(checkObject('options', options)) ?? defaultCapacity;
    return new Queue(internal, openInMapping(kinds.queue, capacity, mapping, offset));
  }

  /** Bytes of a queue in a mapping. */
  static size(capacity: Bytes): number {
    const checked = checkInteger('capacity', checkBytes('capacity', capacity), 1, mostCapacity);
    return 4096 + 2 ** Math.ceil(Math.log2(Math.max(checked, leastCapacity)));
  }

  /** Removes the name; those who have it open keep it. False if there was none. */
  static unlink(name: string): boolean {
    return addon.unlinkObject(checkString('name', name));
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Bytes of the longest message. */
  get maxLength(): number {
    return this.#capacity / 2 - header;
  }

  /** Bytes in use now, with 16 for each message; what others do may change it at any time. */
  get used(): number {
    return addon.objectValue(this.id);
  }

  /**
   * False if there is no room, or another process stands still in the middle of sending. Does not
   * wait. `ERR_OUT_OF_RANGE` for a message longer than {@link maxLength}.
   */
  trySend(message: ArrayBufferView | ArrayBuffer | SharedArrayBuffer): boolean {
    return this.#senders.isEmpty && this.#trySend(checkMemory('message', message));
  }

  /**
   * Resolves when the message is in the queue; it must not be changed until then. Messages that one
   * object sends keep their order.
   */
  async send(
    message: ArrayBufferView | ArrayBuffer | SharedArrayBuffer,
    options?: AsyncWaitOptions,
  ): Promise<void> {
    const bytes = checkMemory('message', message);
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    if (this.#senders.isEmpty && this.#trySend(bytes)) {
      if (this.#isBurst()) await nextTurn();
      return;
    }
    await this.#senders.join(() => this.#trySend(bytes), writable + bytes.length, wait);
  }

  /** Blocks this thread, event loop and all, until the message is in the queue. */
  sendSync(
    message: ArrayBufferView | ArrayBuffer | SharedArrayBuffer,
    options?: WaitOptions,
  ): void {
    const bytes = checkMemory('message', message);
    const wait = checkWait(options);
    const deadline = performance.now() + (wait.timeout ?? 0);
    for (;;) {
      this.#senders.advance();
      if (this.#senders.isEmpty && this.#trySend(bytes)) return;
      this.#waitSync(writable + bytes.length, wait.timeout, deadline);
    }
  }

  /** The next message, or undefined if there is none. Does not wait. */
  tryReceive(): Uint8Array | undefined {
    return this.#receivers.isEmpty ? this.#tryReceive() : undefined;
  }

  /** Up to so many messages that are there now. Does not wait. */
  tryReceiveMany(most: number): Uint8Array[] {
    checkInteger('most', most, 1, Number.MAX_SAFE_INTEGER);
    const messages: Uint8Array[] = [];
    while (messages.length < most) {
      const message = this.tryReceive();
      if (message === undefined) break;
      messages.push(message);
    }
    return messages;
  }

  /** Resolves with the next message. Those who wait in one process are served in order. */
  async receive(options?: AsyncWaitOptions): Promise<Uint8Array> {
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    let message = this.tryReceive();
    if (message !== undefined) {
      this.#receivers.stayAwake();
      if (this.#isBurst()) await nextTurn();
      return message;
    }
    const attempt = () => {
      message = this.#tryReceive();
      return message !== undefined;
    };
    await this.#receivers.join(attempt, readable, wait);
    return message as unknown as Uint8Array;
  }

  /** Blocks this thread, event loop and all, until there is a message. */
  receiveSync(options?: ReceiveSyncOptions): Uint8Array {
    const wait = checkWait(options);
    const spin = options?.spin ?? 0.02;
    const begin = performance.now();
    const deadline = begin + (wait.timeout ?? 0);
    for (;;) {
      this.#receivers.advance();
      const message = this.tryReceive() ?? this.#spin(begin + spin);
      if (message !== undefined) return message;
      this.#waitSync(readable, wait.timeout, deadline);
    }
  }

  /** Every message from now on, until the queue is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      let message: Uint8Array;
      try {
        message = await this.receive();
      } catch (error) {
        if (this.closed && isCode(error, 'ERR_CROSSMEM_CLOSED')) return;
        throw error;
      }
      yield message;
    }
  }

  /** Room for a message of this length, to be filled in place; null if there is none. */
  tryReserve(length: Bytes): Reservation | null {
    const checked = checkBytes('length', length);
    return this.#senders.isEmpty ? this.#tryReserve(checked) : null;
  }

  /** Resolves when there is room for a message of this length, to be filled in place. */
  async reserve(length: Bytes, options?: AsyncWaitOptions): Promise<Reservation> {
    const checked = checkBytes('length', length);
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    let reservation = this.tryReserve(checked);
    if (reservation !== null) return reservation;
    const attempt = () => {
      reservation = this.#tryReserve(checked);
      return reservation !== null;
    };
    await this.#senders.join(attempt, writable + checked, wait);
    return reservation as unknown as Reservation;
  }

  /** The next message, which stays in the queue until it is acknowledged; null if there is none. */
  tryLease(): Lease<Uint8Array> | null {
    return this.#receivers.isEmpty ? this.#tryLease() : null;
  }

  /** Resolves with the next message, which stays in the queue until it is acknowledged. */
  async lease(options?: AsyncWaitOptions): Promise<Lease<Uint8Array>> {
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    let lease = this.tryLease();
    if (lease !== null) return lease;
    const attempt = () => {
      lease = this.#tryLease();
      return lease !== null;
    };
    await this.#receivers.join(attempt, readable, wait);
    return lease as unknown as Lease<Uint8Array>;
  }

  /** @internal */
  forget(message: HeldMessage): void {
    this.#held.delete(message);
  }

  /** @internal */
  override take(): undefined {
    return undefined;
  }

  /** @internal */
  protected override releaseAll(): void {
    for (const message of this.#held) message[Symbol.dispose]();
    this.#ring = undefined;
  }

  #trySend(bytes: Uint8Array): boolean {
    const ring = this.#ring;
    // Another thread may make a shared buffer longer while it is copied.
    if (ring !== undefined && !(bytes.buffer instanceof SharedArrayBuffer)) {
      const how = send(ring, bytes, 0);
      if (how > DONE || how === UNLOCK) this.#finish(false, how);
      if ((how & DONE) !== 0) return true;
    }
    return addon.sendMessage(this.id, bytes, 0);
  }

  #tryReceive(): Uint8Array | undefined {
    const ring = this.#ring;
    if (ring !== undefined) {
      if (isEmpty(ring) && !this.closed) return undefined;
      const how = receive(ring);
      if (how > DONE) this.#finish(true, how);
      if ((how & DONE) !== 0) {
        const { message } = ring;
        ring.message = undefined;
        return message;
      }
    }
    return addon.receiveMessage(this.id)?.[0];
  }

  #finish(ofConsumers: boolean, how: number): void {
    addon.finishStep(this.id, ofConsumers, (how & UNLOCK) !== 0, (how & WAKE) !== 0);
  }

  #tryReserve(length: number): Reservation | null {
    const reserved = addon.reserveMessage(this.id, length, 0);
    if (reserved === undefined) return null;
    const [number, offset] = reserved;
    const ring = this.#ring;
    const buffer =
      ring === undefined
        ? new Uint8Array(length)
        : new Uint8Array(ring.bytes.buffer, offset, length);
    const reservation = new Reservation(this, number, buffer, ring === undefined);
    this.#held.add(reservation);
    return reservation;
  }

  #tryLease(): Lease<Uint8Array> | null {
    const leased = addon.leaseMessage(this.id);
    if (leased === undefined) return null;
    const [number, offset, length, , sequence, redelivered] = leased;
    const ring = this.#ring;
    const bytes =
      ring === undefined
        ? addon.copyMessage(number)
        : new Uint8Array(ring.bytes.buffer, offset, length);
    const lease = new Lease(this, number, bytes, sequence, redelivered);
    this.#held.add(lease);
    return lease;
  }

  #spin(until: number): Uint8Array | undefined {
    const ring = this.#ring;
    if (ring === undefined) return undefined;
    do {
      // A look at the clock costs as much as some looks at the ring.
      for (let i = 0; i < 50; i += 1) if (!isEmpty(ring)) return this.tryReceive();
    } while (performance.now() < until);
    return undefined;
  }

  #waitSync(way: number, timeout: number | undefined, deadline: number): void {
    const left = timeout === undefined ? undefined : Math.max(0, deadline - performance.now());
    waitForSync([new Want(this, way)], false, { timeout: left, signal: undefined });
  }

  /** Now and then: whoever only ever awaits messages that are there would keep the event loop out. */
  #isBurst(): boolean {
    this.#handedOut = (this.#handedOut + 1) % burst;
    return this.#handedOut === 0;
  }
}
