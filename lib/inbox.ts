// Inbox: the side of a queue or a topic that receives.
import { type Codec, decodeBy, isEnd } from './codec.js';
import { Line, missed, nextTurn } from './line.js';
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
  /** Whether there is nothing, as far as it can be told at no cost. */
  isEmpty(): boolean;
}

export class Inbox<T> {
  readonly #object: SharedObject;
  readonly #codec: Codec<unknown>;
  readonly #source: Source;
  readonly line: Line;
  #received = 0;
  /** What {@link tryReceiveMany} met behind what it returned: for whoever receives next. */
  #failure: { error: unknown } | undefined;

  constructor(object: SharedObject, codec: Codec<unknown>, source: Source) {
    this.#object = object;
    this.#codec = codec;
    this.#source = source;
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

  /** No async function: each costs as much as a message. */
  receive(options?: AsyncWaitOptions): Promise<T> {
    try {
      const wait = checkWait(options);
      wait.signal?.throwIfAborted();
      const message = this.line.isEmpty ? this.#take() : undefined;
      if (message === undefined) return this.line.join(this.#attempt, readable, wait);
      this.line.stayAwake();
      const value = this.#decode(message);
      this.#received = (this.#received + 1) % burst;
      // Whoever only ever awaits what is there would keep the event loop out.
      return this.#received === 0 ? nextTurn().then(() => value) : Promise.resolve(value);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  receiveSync(options?: ReceiveSyncOptions): T {
    const wait = checkWait(options);
    const spin =
      options === undefined ? undefined : checkTimeout(checkObject('options', options).spin);
    let deadline: number | undefined;
    for (;;) {
      this.line.advance();
      if (this.line.isEmpty) {
        const message = this.#take() ?? this.#spin(spin ?? defaultSpin);
        if (message !== undefined) return this.#decode(message);
      }
      deadline ??= performance.now() + (wait.timeout ?? 0);
      waitSync(this.#object, readable(), wait.timeout, deadline);
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
