// Inbox: the side of a queue or a topic that receives.
import { type Codec, checkTag, decodeBy, endTag, isBytes, isEnd } from './codec.js';
import type { BatchMemory } from './fast/batch.js';
import { type Accept, anyTag } from './fast/receive.js';
import { Line, missed, nextTurn } from './line.js';
import type { MessageBatch } from './message-batch.js';
import { waitSync } from './outbox.js';
import type { SharedObject } from './shared-object.js';
import { checkInteger, checkObject, checkTimeout } from './validate.js';
import { type AsyncWaitOptions, checkWait, type WaitOptions } from './wait-options.js';

/** Options of what blocks this thread until there is a message. */
export interface ReceiveSyncOptions extends WaitOptions {
  /** So many milliseconds it looks again and again before it sleeps. Default 0.02. */
  spin?: number | undefined;
}

/** How an object is waited for to receive. */
export const readable = () => 0;
/** How many messages are handed out before the event loop has its turn. */
const burst = 512;
const defaultSpin = 0.02;

/** Where messages come from. */
export interface Source {
  /**
   * The next message, or undefined; its tag is in {@link tag} then. `ahead`: so many are going to be
   * taken, this one included.
   */
  take(ahead?: number): Uint8Array | undefined;
  readonly tag: number;
  /** Adds messages with these tags to a batch, if that can be done in one step: how many. */
  takeBatch?(batch: BatchMemory, accept: Accept): number;
  /** Whether there is nothing, as far as it can be told at no cost. */
  isEmpty(): boolean;
}

export class Inbox<T> {
  readonly #object: SharedObject;
  readonly #codec: Codec<unknown>;
  readonly #source: Source;
  readonly line: Line;
  readonly #accept: Accept;
  #received = 0;
  /** What {@link tryReceiveMany} met behind what it returned: for whoever receives next. */
  #failure: { error: unknown } | undefined;

  constructor(object: SharedObject, codec: Codec<unknown>, source: Source) {
    this.#object = object;
    this.#codec = codec;
    this.#source = source;
    this.#accept = { only: isBytes(codec) ? anyTag : codec.tag, never: endTag };
    this.line = new Line(object);
  }

  tryReceive(): T | undefined {
    if (!this.line.isEmpty) return undefined;
    const message = this.#take();
    return message === undefined ? undefined : this.#decode(message);
  }

  tryReceiveMany(most: number): T[] {
    checkInteger('most', most, 1, Number.MAX_SAFE_INTEGER);
    const values: T[] = [];
    try {
      while (values.length < most && this.line.isEmpty) {
        const message = this.#take(most - values.length);
        if (message === undefined) break;
        values.push(this.#decode(message));
      }
    } catch (error) {
      if (values.length === 0) throw error;
      // Those before it are not lost.
      this.#failure = { error };
    }
    return values;
  }

  tryReceiveBatch(batch: MessageBatch): number {
    const { memory } = batch;
    memory.clear();
    return this.line.isEmpty ? this.#fill(memory) : 0;
  }

  async receiveBatch(batch: MessageBatch, options?: AsyncWaitOptions): Promise<number> {
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    const { memory } = batch;
    const count = this.tryReceiveBatch(batch);
    if (count === 0)
      return batch.useFor(this.line.join(() => this.#fill(memory) || missed, readable, wait));
    this.line.stayAwake();
    await this.#yieldAfter(count);
    return count;
  }

  /** No async function: each costs as much as a message. */
  receive(options?: AsyncWaitOptions): Promise<T> {
    try {
      const wait = checkWait(options);
      wait.signal?.throwIfAborted();
      const message = this.line.isEmpty ? this.#take() : undefined;
      if (message === undefined) return this.line.join(this.#attempt, readable, wait);
      this.line.stayAwake();
      const value = this.#decode(message);
      return this.#yieldAfter(1)?.then(() => value) ?? Promise.resolve(value);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  receiveSync(options?: ReceiveSyncOptions): T {
    const given = checkObject('options', options);
    const timeout = checkTimeout(given.timeout);
    const spin = checkTimeout(given.spin, 'options.spin');
    let deadline: number | undefined;
    for (;;) {
      this.line.advance();
      if (this.line.isEmpty) {
        const message = this.#take() ?? this.#spin(spin ?? defaultSpin);
        if (message !== undefined) return this.#decode(message);
      }
      deadline ??= performance.now() + (timeout ?? 0);
      waitSync(this.#object, readable(), timeout, deadline);
    }
  }

  /** Every message from now on, until the object is closed, or a stream of the other side ends. */
  iterate(options?: AsyncWaitOptions): AsyncIterableIterator<T, void, undefined> {
    checkWait(options);
    let isOver = false;
    const over = (): IteratorReturnResult<void> => {
      isOver = true;
      return { done: true, value: undefined };
    };
    const got = (value: T): IteratorYieldResult<T> => ({ done: false, value });
    const failed = (error: unknown): IteratorReturnResult<void> => {
      const result = over();
      const isClosed = (error as { code?: string }).code === 'ERR_CROSSMEM_CLOSED';
      if ((this.#object.closed && isClosed) || isEnd(error)) return result;
      throw error;
    };
    return {
      next: () => (isOver ? Promise.resolve(over()) : this.receive(options).then(got, failed)),
      return: async () => over(),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Whoever only ever awaits what is there would keep the event loop out. */
  #yieldAfter(received: number): Promise<void> | undefined {
    this.#received += received;
    if (this.#received < burst) return undefined;
    this.#received = 0;
    return nextTurn();
  }

  /** As many as there are and fit; how many. */
  #fill(batch: BatchMemory): number {
    const before = batch.count;
    while (this.#failure === undefined && this.#source.takeBatch?.(batch, this.#accept));
    if (batch.count > before) return batch.count - before;
    // The first one may need the core, be of another codec, or longer than there is room for.
    const message = this.#take();
    if (message === undefined) return 0;
    checkTag(this.#codec, message, this.#source.tag);
    batch.add(message);
    return 1;
  }

  readonly #attempt = (): T | typeof missed => {
    const message = this.#take();
    return message === undefined ? missed : this.#decode(message);
  };

  #take(ahead?: number): Uint8Array | undefined {
    if (this.#failure === undefined) return this.#source.take(ahead);
    const { error } = this.#failure;
    this.#failure = undefined;
    throw error;
  }

  #decode(message: Uint8Array): T {
    return decodeBy(this.#codec, message, this.#source.tag) as T;
  }

  #spin(milliseconds: number): Uint8Array | undefined {
    if (milliseconds === 0) return undefined;
    let until: number | undefined;
    do {
      // A look at the clock costs as much as some looks at the ring.
      for (let i = 0; i < 100; i += 1) if (!this.#source.isEmpty()) return this.#take();
      until ??= performance.now() + milliseconds;
    } while (performance.now() < until);
    return undefined;
  }
}
