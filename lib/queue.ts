// Queue: messages between processes, each for one of those who receive.
import type { Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';

import { type Codec, type CodecName, checkCodec, decodeBy, isBytes, type Memory } from './codec.js';
import { type HeldMessage, Lease, Reservation } from './held-message.js';
import { Inbox, type ReceiveSyncOptions, readable } from './inbox.js';
import { missed } from './line.js';
import { internal, type Mapping } from './mapping.js';
import { checkBatch, type MessageBatch } from './message-batch.js';
import { addon, kinds } from './native.js';
import { type Messages, Outbox, writable } from './outbox.js';
import { RingAccess } from './ring-access.js';
import {
  checkCapacity,
  defaultCapacity,
  longestIn,
  openOrMake,
  type RingOptions,
  ringSize,
} from './ring-options.js';
import { type ObjectParts, openByName, openInMapping, SharedObject } from './shared-object.js';
import {
  type StreamSink,
  toReadable,
  toReadableStream,
  toWritable,
  toWritableStream,
  type WritableOptions,
} from './streams.js';
import {
  type Bytes,
  checkBytes,
  checkFlag,
  checkInteger,
  checkObject,
  checkString,
} from './validate.js';
import { type AsyncWaitOptions, checkWait, type WaitOptions } from './wait-options.js';

/** Options of {@link Queue.at}. */
export interface QueueOptions extends RingOptions {
  /** What its messages are; the same for all who use it. Default `'bytes'`. */
  // biome-ignore lint/suspicious/noExplicitAny: what its values are, `open` infers.
  codec?: CodecName | Codec<any> | undefined;
}

/** Options of {@link Queue.open}. */
export interface QueueOpenOptions extends QueueOptions {
  /** False: only if it is there, otherwise `ENOENT`. Default `true`. */
  create?: boolean | undefined;
}

/**
 * A queue of messages between threads and processes: any number of them send, and each message is
 * received by one. It is there as a whole or not at all, whoever dies in the middle of what.
 *
 * ```js
 * using queue = Queue.open('jobs', { codec: 'structured' });
 * await queue.send({ job: 1 });
 * for await (const message of queue) work(message);
 * ```
 *
 * Messages of one sender are received in the order in which they were sent, but for those that were
 * leased and came back. What a process has received, and not leased, is lost when it dies. A queue by
 * name outlives those who use it as long as there are messages in it.
 *
 * @typeParam T What is received; `In`: what is sent.
 */
export class Queue<T = Uint8Array, In = T> extends SharedObject {
  readonly #ring: RingAccess;
  readonly #capacity: number;
  readonly #codec: Codec<unknown>;
  readonly #outbox: Outbox<In>;
  readonly #inbox: Inbox<T>;
  readonly #held = new Set<HeldMessage>();

  private constructor(token: symbol, parts: ObjectParts, codec: Codec<unknown>) {
    super(token, parts);
    this.#capacity = addon.objectParameter(parts.id);
    this.#codec = codec;
    this.#ring = new RingAccess(this, this.#capacity);
    this.#outbox = new Outbox(
      this,
      codec,
      (message, tag) => this.#ring.send(message, tag),
      (messages, begin, tag) => this.#ring.sendMany(messages, begin, tag),
    );
    this.#inbox = new Inbox(this, codec, this.#ring);
  }

  /** Opens the queue of this name, or makes it. Names: 1 to 200 bytes of UTF-8 without `/`. */
  static open(
    name: string,
    options?: QueueOpenOptions & { codec?: 'bytes' | undefined },
  ): Queue<Uint8Array, Memory>;
  static open<T, In = T>(
    name: string,
    options: QueueOpenOptions & { codec: Codec<T> },
  ): Queue<T, In>;
  static open<T = unknown>(name: string, options: QueueOpenOptions): Queue<T>;
  static open(name: string, options?: QueueOpenOptions): Queue<never> {
    const checked = checkObject('options', options);
    const capacity = checkCapacity(checked);
    const codec = checkCodec(checked.codec);
    const create = checkFlag('options.create', checked.create, true);
    const open = (parameter?: number) => openByName(kinds.queue, parameter, name);
    const parts = create ? openOrMake(open, capacity, defaultCapacity) : open();
    return new Queue(internal, parts, codec);
  }

  /**
   * The queue at this place of a mapping that others share, a multiple of 64 bytes: made if the memory
   * is zeroes. It has {@link Queue.size} bytes.
   */
  static at(
    mapping: Mapping,
    offset: Bytes,
    options?: QueueOptions & { codec?: 'bytes' | undefined },
  ): Queue<Uint8Array, Memory>;
  static at<T, In = T>(
    mapping: Mapping,
    offset: Bytes,
    options: QueueOptions & { codec: Codec<T> },
  ): Queue<T, In>;
  static at<T = unknown>(mapping: Mapping, offset: Bytes, options: QueueOptions): Queue<T>;
  static at(mapping: Mapping, offset: Bytes, options?: QueueOptions): Queue<never> {
    const checked = checkObject('options', options);
    const capacity = checkCapacity(checked);
    const codec = checkCodec(checked.codec);
    const open = (parameter?: number) => openInMapping(kinds.queue, parameter, mapping, offset);
    return new Queue(internal, openOrMake(open, capacity, defaultCapacity), codec);
  }

  /** Bytes of a queue in a mapping. */
  static size(capacity: Bytes): number {
    return ringSize(capacity);
  }

  /** Removes the name; those who have it open keep it. False if there was none. */
  static unlink(name: string): boolean {
    return addon.unlinkObject(checkString('name', name));
  }

  /** Bytes of all messages in it, with 16 for each; see {@link RingOptions.capacity}. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Bytes of the longest message. */
  get maxLength(): number {
    return longestIn(this.#capacity);
  }

  /** Bytes in use now, with 16 for each message; what others do may change it at any time. */
  get used(): number {
    return addon.objectValue(this.id);
  }

  /**
   * False if there is no room, or another process stands still in the middle of sending. Does not
   * wait. `ERR_OUT_OF_RANGE` for a message longer than {@link maxLength}.
   */
  trySend(message: In): boolean {
    return this.#outbox.trySend(message);
  }

  /**
   * Resolves when the message is in the queue; bytes must not be changed until then. Messages that
   * one object sends keep their order.
   */
  send(message: In, options?: AsyncWaitOptions): Promise<void> {
    return this.#outbox.send(message, options);
  }

  /**
   * As many of these messages, from the first on, as there is room for now, seen by others in one step
   * or some; how many. Costs half of what it costs one by one. Does not wait.
   */
  trySendMany(messages: readonly In[]): number {
    return this.#outbox.trySendMany(messages);
  }

  /** Resolves when all of these messages are in the queue, one behind the other. */
  sendMany(messages: readonly In[], options?: AsyncWaitOptions): Promise<void> {
    return this.#outbox.sendMany(messages, options);
  }

  /**
   * As many messages of a batch, from `begin` on, as there is room for now; how many. Each is what the
   * codec makes of a value. Does not wait, and leaves the batch as it is. `ERR_OUT_OF_RANGE` for a
   * message longer than {@link maxLength}, once those before it are sent; `ERR_INVALID_STATE` if the
   * batch is in use.
   */
  trySendBatch(batch: MessageBatch, begin = 0): number {
    const messages = this.#messagesOf(checkBatch(batch));
    checkInteger('begin', begin, 0, messages.length);
    return this.#outbox.trySendAll(messages, begin) - begin;
  }

  /**
   * Resolves when all messages of a batch are in the queue, one behind the other; the batch is in use
   * until then. Some may be sent when it rejects: others see each step, and a time-out may come between
   * two.
   */
  async sendBatch(batch: MessageBatch, options?: AsyncWaitOptions): Promise<void> {
    const messages = this.#messagesOf(checkBatch(batch));
    return batch.useFor(this.#outbox.sendAll(() => messages, options));
  }

  /** Blocks this thread, event loop and all, until the message is in the queue. */
  sendSync(message: In, options?: WaitOptions): void {
    this.#outbox.sendSync(message, options);
  }

  /** The next message, or undefined if there is none. Does not wait. */
  tryReceive(): T | undefined {
    return this.#inbox.tryReceive();
  }

  /**
   * Up to so many messages that are there now. Does not wait. Costs half of what it costs one by one:
   * the messages may share an ArrayBuffer, as small Buffers of Node.js do. What goes wrong behind the
   * first of them is told to whoever receives next.
   */
  tryReceiveMany(most: number): T[] {
    return this.#inbox.tryReceiveMany(most);
  }

  /**
   * The messages that are there now, as many as fit, in place of what was in the batch; how many. They
   * are as they were sent: nothing is decoded, but one of another codec is `ERR_CROSSMEM_CODEC`. Does
   * not wait. `ERR_INVALID_STATE` if the batch is in use.
   */
  tryReceiveBatch(batch: MessageBatch): number {
    return this.#inbox.tryReceiveBatch(checkBatch(batch));
  }

  /** Resolves with how many messages are in the batch, once there are some; it is in use until then. */
  async receiveBatch(batch: MessageBatch, options?: AsyncWaitOptions): Promise<number> {
    return this.#inbox.receiveBatch(checkBatch(batch), options);
  }

  /** Resolves with the next message. Those who wait in one process are served in order. */
  receive(options?: AsyncWaitOptions): Promise<T> {
    return this.#inbox.receive(options);
  }

  /** Blocks this thread, event loop and all, until there is a message. */
  receiveSync(options?: ReceiveSyncOptions): T {
    return this.#inbox.receiveSync(options);
  }

  /**
   * Every message from now on, until the queue is closed, or a stream that writes to it ends. Leaving
   * the loop takes no message along. `timeout` is for each of them; once it is over, or the signal is
   * aborted, the loop ends with the error.
   */
  values(options?: AsyncWaitOptions): AsyncIterableIterator<T, void, undefined> {
    return this.#inbox.iterate(options);
  }

  /** {@link values}, for `for await`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, void, undefined> {
    return this.#inbox.iterate();
  }

  /** A Readable in object mode: each chunk is a message. Several share the messages. */
  readable(): Readable {
    return toReadable(this);
  }

  /** A Writable in object mode: each chunk is a message. */
  writable(options?: WritableOptions): Writable {
    return toWritable(this.sink, options);
  }

  /** {@link readable}, as a stream of the web. */
  readableStream(): ReadableStream<T> {
    return toReadableStream(this);
  }

  /** {@link writable}, as a stream of the web. */
  writableStream(options?: WritableOptions): WritableStream<In> {
    return toWritableStream(this.sink, options);
  }

  /** Waits, also those that go on, do not keep the event loop up. */
  override unref(): this {
    super.unref();
    this.#waitAnew();
    return this;
  }

  /** Undoes {@link unref}. */
  override ref(): this {
    super.ref();
    this.#waitAnew();
    return this;
  }

  /** Room for a message of this length, to be filled in place; null if there is none. */
  tryReserve(length: Bytes): Reservation | null {
    const checked = checkBytes('length', length);
    return this.#outbox.line.isEmpty ? this.#reserve(checked) : null;
  }

  /** Resolves when there is room for a message of this length, to be filled in place. */
  async reserve(length: Bytes, options?: AsyncWaitOptions): Promise<Reservation> {
    const checked = checkBytes('length', length);
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    const reservation = this.tryReserve(checked);
    if (reservation !== null) return reservation;
    const attempt = () => this.#reserve(checked) ?? missed;
    return this.#outbox.line.join(attempt, () => writable + checked, wait);
  }

  /** The next message, which stays in the queue until it is acknowledged; null if there is none. */
  tryLease(): Lease<T> | null {
    return this.#inbox.line.isEmpty ? this.#lease() : null;
  }

  /** Resolves with the next message, which stays in the queue until it is acknowledged. */
  async lease(options?: AsyncWaitOptions): Promise<Lease<T>> {
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    const lease = this.tryLease();
    if (lease !== null) return lease;
    return this.#inbox.line.join(() => this.#lease() ?? missed, readable, wait);
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
    this.#ring.close();
  }

  /** @internal */
  get sink(): StreamSink<In> {
    return {
      send: (message, options) => this.send(message, options),
      end: (options) => this.#outbox.end(options),
    };
  }

  #waitAnew(): void {
    this.#outbox.line.waitAnew();
    this.#inbox.line.waitAnew();
  }

  #messagesOf({ memory }: MessageBatch): Messages {
    return {
      length: memory.count,
      lengthOf: (index) => memory.lengths[index] as number,
      attempt: (begin) => this.#ring.sendBatch(memory, begin, this.#codec.tag),
    };
  }

  #reserve(length: number): Reservation | null {
    const reserved = addon.reserveMessage(this.id, length, this.#codec.tag);
    if (reserved === undefined) return null;
    const [number, offset] = reserved;
    const memory = this.#ring.memory;
    const buffer =
      memory === undefined ? new Uint8Array(length) : new Uint8Array(memory, offset, length);
    const reservation = new Reservation(this, number, buffer, memory === undefined);
    this.#held.add(reservation);
    return reservation;
  }

  #lease(): Lease<T> | null {
    const leased = addon.leaseMessage(this.id);
    if (leased === undefined) return null;
    const [number, offset, length, tag, sequence, redelivered] = leased;
    const memory = this.#ring.memory;
    const bytes =
      memory === undefined ? addon.copyMessage(number) : new Uint8Array(memory, offset, length);
    // What is decoded may keep its bytes.
    const own = () => (isBytes(this.#codec) || memory === undefined ? bytes : bytes.slice());
    const decode = () => decodeBy(this.#codec, own(), tag) as T;
    const lease = new Lease(this, number, decode, sequence, redelivered);
    this.#held.add(lease);
    return lease;
  }
}
