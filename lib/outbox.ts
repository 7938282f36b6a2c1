// Outbox: the side of a queue or a topic that sends.
import { type Codec, encodeBy, endTag } from './codec.js';
import { invalidType } from './errors.js';
import { Line, missed, nextTurn } from './line.js';
import { type SharedObject, Want, waitForSync } from './shared-object.js';
import { type AsyncWaitOptions, checkWait, type WaitOptions } from './wait-options.js';

/** How an object is waited for to send: this, with the length of the message added. */
export const writable = 1;
/** How many messages go through before the event loop has its turn. */
const burst = 512;
const done = Promise.resolve();

/** Sends if there is room. */
export type Attempt = (message: Uint8Array, tag: number) => boolean;
/** Sends as many as there is room for, from `begin` on; how many. */
export type AttemptMany = (messages: readonly Uint8Array[], begin: number, tag: number) => number;

/** Messages that are sent one behind the other. */
export interface Messages {
  readonly length: number;
  /** Bytes of this one. */
  lengthOf(index: number): number;
  /** Sends as many as there is room for, from `begin` on; how many. */
  attempt(begin: number): number;
}

/** How many of all are sent then. */
function advance(messages: Messages, sent: number): number {
  let all = sent;
  while (all < messages.length) {
    const more = messages.attempt(all);
    if (more === 0) break;
    all += more;
  }
  return all;
}

export class Outbox<T> {
  readonly #object: SharedObject;
  readonly #codec: Codec<unknown>;
  readonly #attempt: Attempt;
  readonly #attemptMany: AttemptMany;
  readonly line: Line;
  #sent = 0;

  constructor(
    object: SharedObject,
    codec: Codec<unknown>,
    attempt: Attempt,
    attemptMany: AttemptMany = (messages, begin, tag) =>
      attempt(messages[begin] as Uint8Array, tag) ? 1 : 0,
  ) {
    this.#object = object;
    this.#codec = codec;
    this.#attempt = attempt;
    this.#attemptMany = attemptMany;
    this.line = new Line(object);
  }

  trySend(value: T): boolean {
    const message = encodeBy(this.#codec, value);
    const { tag } = this.#codec;
    return this.line.isEmpty && this.#attempt(message, tag);
  }

  send(value: T, options: AsyncWaitOptions | undefined): Promise<void> {
    try {
      return this.#send(encodeBy(this.#codec, value), this.#codec.tag, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  trySendMany(values: readonly T[]): number {
    return this.trySendAll(this.#encodeAll(values));
  }

  async sendMany(values: readonly T[], options: AsyncWaitOptions | undefined): Promise<void> {
    return this.sendAll(() => this.#encodeAll(values), options);
  }

  /** As many of them as there is room for now, from `begin` on; how many of all are sent then. */
  trySendAll(messages: Messages, begin = 0): number {
    return this.line.isEmpty ? advance(messages, begin) : begin;
  }

  async sendAll(make: () => Messages, options: AsyncWaitOptions | undefined): Promise<void> {
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    const messages = make();
    let sent = this.trySendAll(messages);
    if (sent === messages.length) return this.#yieldAfter(sent);
    const attempt = () => {
      sent = advance(messages, sent);
      return sent === messages.length ? undefined : missed;
    };
    await this.line.join(attempt, () => writable + messages.lengthOf(sent), wait);
  }

  /** Whoever only ever awaits what is done at once would keep the event loop out. */
  #yieldAfter(sent: number): Promise<void> {
    this.#sent += sent;
    if (this.#sent < burst) return done;
    this.#sent = 0;
    return nextTurn();
  }

  /** None is sent if one of them cannot be. */
  #encodeAll(values: readonly T[]): Messages {
    if (!Array.isArray(values)) throw invalidType('messages', 'an instance of Array', values);
    const messages = values.map((value) => encodeBy(this.#codec, value));
    return {
      length: messages.length,
      lengthOf: (index) => (messages[index] as Uint8Array).length,
      attempt: (begin) => this.#attemptMany(messages, begin, this.#codec.tag),
    };
  }

  /** Tells the readers of a stream that it has ended. */
  async end(options: AsyncWaitOptions | undefined): Promise<void> {
    return this.#send(new Uint8Array(), endTag, options);
  }

  /** No async function: each costs as much as a message. */
  #send(message: Uint8Array, tag: number, options: AsyncWaitOptions | undefined): Promise<void> {
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    if (this.line.isEmpty && this.#attempt(message, tag)) return this.#yieldAfter(1);
    const attempt = () => (this.#attempt(message, tag) ? undefined : missed);
    return this.line.join(attempt, () => writable + message.length, wait);
  }

  sendSync(value: T, options: WaitOptions | undefined): void {
    const wait = checkWait(options);
    const message = encodeBy(this.#codec, value);
    const { tag } = this.#codec;
    if (this.line.isEmpty && this.#attempt(message, tag)) return;
    const deadline = performance.now() + (wait.timeout ?? 0);
    for (;;) {
      this.line.advance();
      if (this.line.isEmpty && this.#attempt(message, tag)) return;
      // Those who wait before it go first, for what they wait for: there may be room for this one only.
      const way = this.line.way ?? writable + message.length;
      waitSync(this.#object, way, wait.timeout, deadline);
    }
  }
}

/** Waits in this thread, for what is left of the time. */
export function waitSync(
  object: SharedObject,
  way: number,
  timeout: number | undefined,
  deadline: number,
): void {
  const left = timeout === undefined ? undefined : Math.max(0, deadline - performance.now());
  waitForSync([new Want(object, way)], false, { timeout, signal: undefined }, left);
}
