// Topic: messages between processes, each for everybody who has subscribed.
import type { Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import { type Codec, type CodecName, checkCodec, type Memory } from './codec.js';
import { type CrossmemError, invalidValue } from './errors.js';
import { Inbox, type ReceiveSyncOptions } from './inbox.js';
import { internal, type Mapping } from './mapping.js';
import { addon, kinds, overwriteFlag } from './native.js';
import { Outbox } from './outbox.js';
import {
  checkCapacity,
  defaultCapacity,
  longestIn,
  openOrMake,
  type RingOptions,
  ringCapacity,
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
import { type Bytes, checkFlag, checkObject, checkOneOf, checkString } from './validate.js';
import type { AsyncWaitOptions, WaitOptions } from './wait-options.js';

/** Bytes of all subscribers' places. */
const subscribers = 256 * 64;

/** What is done with messages that somebody has not read yet, when there is no room for the next. */
export type WhenFull = 'wait' | 'overwrite';
const policies: readonly WhenFull[] = ['wait', 'overwrite'];

/** Options of {@link Topic.at}. */
export interface TopicOptions extends RingOptions {
  /**
   * `'wait'` (default, if it is made): publishers wait for the slowest subscriber. `'overwrite'`: he
   * loses them, and is told how many ({@link Subscription.lost}). The same for all who use it.
   */
  whenFull?: WhenFull | undefined;
  /** What its messages are; the same for all who use it. Default `'bytes'`. */
  // biome-ignore lint/suspicious/noExplicitAny: what its values are, `open` infers.
  codec?: CodecName | Codec<any> | undefined;
}

/** Options of {@link Topic.open}. */
export interface TopicOpenOptions extends TopicOptions {
  /** False: only if it is there, otherwise `ENOENT`. Default `true`. */
  create?: boolean | undefined;
}

/** Options of {@link Topic.subscribe}. */
export interface SubscribeOptions {
  /** With the next message (`'latest'`, default), or with the oldest that is still kept. */
  from?: 'latest' | 'earliest' | undefined;
}

interface Checked {
  capacity: number | undefined;
  whenFull: WhenFull | undefined;
  codec: Codec<unknown>;
  /** Of one that is made. */
  parameter: number;
}

function check(options: TopicOptions): Checked {
  const capacity = checkCapacity(options);
  const whenFull =
    options.whenFull === undefined
      ? undefined
      : checkOneOf('options.whenFull', options.whenFull, policies);
  const policy = whenFull === 'overwrite' ? overwriteFlag : 0;
  const parameter = (capacity ?? defaultCapacity) + policy;
  return { capacity, whenFull, codec: checkCodec(options.codec), parameter };
}

function openOrMakeTopic(
  open: (parameter?: number) => ObjectParts,
  { capacity, whenFull, parameter }: Checked,
): ObjectParts {
  if (capacity === undefined) return openOrMake(open, undefined, parameter);
  try {
    return open(parameter);
  } catch (error) {
    if (whenFull !== undefined || (error as CrossmemError).code !== 'ERR_INVALID_ARG_VALUE')
      throw error;
    // Whoever names no policy takes either.
    const parts = open();
    if (addon.objectParameter(parts.id) === ringCapacity(capacity)) return parts;
    addon.closeObject(parts.id);
    throw error;
  }
}

/**
 * One who reads a topic, from where it began: it can be iterated. It ends when it is closed, and with
 * its process: a dead subscriber holds nobody up.
 */
export class Subscription<T = Uint8Array> extends SharedObject {
  readonly #inbox: Inbox<T>;

  /** @internal */
  constructor(token: symbol, parts: ObjectParts, codec: Codec<unknown>) {
    super(token, parts);
    const source = {
      tag: 0,
      take: () => {
        const [message, tag = 0] = addon.readMessage(this.id) ?? [];
        source.tag = tag;
        return message;
      },
      isEmpty: () => false,
    };
    this.#inbox = new Inbox(this, codec, source);
  }

  /** How many messages were overwritten before this subscription has read them. */
  get lost(): number {
    return addon.lostMessages(this.id);
  }

  /** The next message, or undefined if there is none. Does not wait. */
  tryReceive(): T | undefined {
    return this.#inbox.tryReceive();
  }

  /**
   * Up to so many messages that are there now. Does not wait. What goes wrong behind the first of them
   * is told to whoever receives next.
   */
  tryReceiveMany(most: number): T[] {
    return this.#inbox.tryReceiveMany(most);
  }

  /** Resolves with the next message. */
  receive(options?: AsyncWaitOptions): Promise<T> {
    return this.#inbox.receive(options);
  }

  /** Blocks this thread, event loop and all, until there is a message. */
  receiveSync(options?: ReceiveSyncOptions): T {
    return this.#inbox.receiveSync(options);
  }

  /** A Readable in object mode: each chunk is a message. */
  readable(): Readable {
    return toReadable(this);
  }

  /** {@link readable}, as a stream of the web. */
  readableStream(): ReadableStream<T> {
    return toReadableStream(this);
  }

  /** Waits, also those that go on, do not keep the event loop up. */
  override unref(): this {
    super.unref();
    this.#inbox.line.waitAnew();
    return this;
  }

  /** Undoes {@link unref}. */
  override ref(): this {
    super.ref();
    this.#inbox.line.waitAnew();
    return this;
  }

  /**
   * Every message from now on, until the subscription is closed, or a stream that writes to the topic
   * ends. Leaving the loop takes no message along. `timeout` is for each of them; once it is over, or
   * the signal is aborted, the loop ends with the error.
   */
  values(options?: AsyncWaitOptions): AsyncIterableIterator<T, void, undefined> {
    return this.#inbox.iterate(options);
  }

  /** {@link values}, for `for await`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, void, undefined> {
    return this.#inbox.iterate();
  }

  /** @internal */
  protected override releaseAll(): void {
    addon.unsubscribe(this.idToGiveBack);
  }

  /** @internal */
  override take(): undefined {
    return undefined;
  }
}

/**
 * Messages between threads and processes that everybody gets who has subscribed, up to 256 of them,
 * all in the same order. A message is there as a whole or not at all, whoever dies in the middle of
 * what. Messages are kept until there is no room for the next one, whether somebody has read them or
 * not; a topic by name goes with its last user.
 *
 * ```js
 * using topic = Topic.open('prices', { codec: 'structured', whenFull: 'overwrite' });
 * await topic.publish({ symbol: 'X', price: 1 });
 * // in other processes:
 * for await (const price of topic.subscribe()) show(price);
 * ```
 *
 * @typeParam T What is received; `In`: what is published.
 */
export class Topic<T = Uint8Array, In = T> extends SharedObject {
  readonly #capacity: number;
  readonly #codec: Codec<unknown>;
  readonly #outbox: Outbox<In>;
  readonly #whenFull: WhenFull;

  private constructor(token: symbol, parts: ObjectParts, checked: Checked) {
    super(token, parts);
    const { codec, whenFull } = checked;
    this.#capacity = addon.objectParameter(parts.id);
    this.#whenFull = addon.topicOverwrites(parts.id) ? 'overwrite' : 'wait';
    this.#codec = codec;
    this.#outbox = new Outbox(this, codec, (message, tag) =>
      addon.publishMessage(this.id, message, tag),
    );
    if (whenFull === undefined || whenFull === this.#whenFull) return;
    this.close();
    throw invalidValue('options.whenFull', `'${this.#whenFull}', as the topic was made`, whenFull);
  }

  /** Opens the topic of this name, or makes it. Names: 1 to 200 bytes of UTF-8 without `/`. */
  static open(
    name: string,
    options?: TopicOpenOptions & { codec?: 'bytes' | undefined },
  ): Topic<Uint8Array, Memory>;
  static open<T, In = T>(
    name: string,
    options: TopicOpenOptions & { codec: Codec<T> },
  ): Topic<T, In>;
  static open<T = unknown>(name: string, options: TopicOpenOptions): Topic<T>;
  static open(name: string, options?: TopicOpenOptions): Topic<never> {
    const given = checkObject('options', options);
    const create = checkFlag('options.create', given.create, true);
    const checked = check(given);
    const open = (parameter?: number) => openByName(kinds.topic, parameter, name);
    const parts = create ? openOrMakeTopic(open, checked) : open();
    return new Topic(internal, parts, checked);
  }

  /**
   * The topic at this place of a mapping that others share, a multiple of 64 bytes: made if the memory
   * is zeroes. It has {@link Topic.size} bytes.
   */
  static at(
    mapping: Mapping,
    offset: Bytes,
    options?: TopicOptions & { codec?: 'bytes' | undefined },
  ): Topic<Uint8Array, Memory>;
  static at<T, In = T>(
    mapping: Mapping,
    offset: Bytes,
    options: TopicOptions & { codec: Codec<T> },
  ): Topic<T, In>;
  static at<T = unknown>(mapping: Mapping, offset: Bytes, options: TopicOptions): Topic<T>;
  static at(mapping: Mapping, offset: Bytes, options?: TopicOptions): Topic<never> {
    const checked = check(checkObject('options', options));
    const open = (parameter?: number) => openInMapping(kinds.topic, parameter, mapping, offset);
    return new Topic(internal, openOrMakeTopic(open, checked), checked);
  }

  /** Bytes of a topic in a mapping. */
  static size(capacity: Bytes): number {
    return ringSize(capacity) + subscribers;
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

  /** As whoever made it has chosen. */
  get whenFull(): WhenFull {
    return this.#whenFull;
  }

  /** Of all processes, as far as it can be told; for people. */
  get subscriptions(): number {
    return addon.objectValue(this.id);
  }

  /**
   * False if a subscriber holds it up, or another process stands still in the middle of publishing.
   * Does not wait. `ERR_OUT_OF_RANGE` for a message longer than {@link maxLength}.
   */
  tryPublish(message: In): boolean {
    return this.#outbox.trySend(message);
  }

  /**
   * Resolves when the message is published; bytes must not be changed until then. Messages that one
   * object publishes keep their order.
   */
  publish(message: In, options?: AsyncWaitOptions): Promise<void> {
    return this.#outbox.send(message, options);
  }

  /** Blocks this thread, event loop and all, until the message is published. */
  publishSync(message: In, options?: WaitOptions): void {
    this.#outbox.sendSync(message, options);
  }

  /** A Writable in object mode: each chunk is a message. */
  writable(options?: WritableOptions): Writable {
    return toWritable(this.sink, options);
  }

  /** {@link writable}, as a stream of the web. */
  writableStream(options?: WritableOptions): WritableStream<In> {
    return toWritableStream(this.sink, options);
  }

  /**
   * Begins to read. What is published from now on waits for it, or is counted as lost. It goes on when
   * this object is closed. `EAGAIN` if there are 256 already.
   */
  subscribe(options?: SubscribeOptions): Subscription<T> {
    const { from = 'latest' } = checkObject('options', options);
    const fromEarliest = checkOneOf('options.from', from, ['latest', 'earliest']) === 'earliest';
    const id = addon.subscribe(this.id, fromEarliest);
    return new Subscription<T>(internal, { id, name: this.name }, this.#codec);
  }

  /** @internal */
  override take(): undefined {
    return undefined;
  }

  /** @internal */
  get sink(): StreamSink<In> {
    return {
      send: (message, options) => this.publish(message, options),
      end: (options) => this.#outbox.end(options),
    };
  }
}
