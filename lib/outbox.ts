// Outbox: the side of a queue or a topic that sends.
import { type Codec, encodeBy, endTag } from './codec.js';
import { invalidType, timedOut } from './errors.js';
import { Line, nextTurn } from './line.js';
import { type SharedObject, Want, waitForSync } from './shared-object.js';
import { type AsyncWaitOptions, checkWait, type WaitOptions } from './wait-options.js';

/** How an object is waited for to send: this, with the length of the message added. */
export const writable = 1;
/** How many messages go through before the event loop has its turn. */
const burst = 512;

/** Sends if there is room. */
export type Attempt = (message: Uint8Array, tag: number) => boolean;
/** Sends as many as there is room for, from `begin` on; how many. */
export type AttemptMany = (messages: readonly Uint8Array[], begin: number, tag: number) => number;

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

  async send(value: T, options: AsyncWaitOptions | undefined): Promise<void> {
    return this.#send(encodeBy(this.#codec, value), this.#codec.tag, options);
  }

  trySendMany(values: readonly T[]): number {
    const messages = this.#encodeAll(values);
    return this.line.isEmpty ? this.#advance(messages, 0) : 0;
  }

  async sendMany(values: readonly T[], options: AsyncWaitOptions | undefined): Promise<void> {
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    const messages = this.#encodeAll(values);
    let sent = this.line.isEmpty ? this.#advance(messages, 0) : 0;
    if (sent === messages.length) return this.#yieldAfter(sent);
    const attempt = () => {
      sent = this.#advance(messages, sent);
      return sent === messages.length;
    };
    await this.line.join(attempt, () => writable + (messages[sent] as Uint8Array).length, wait);
  }

  /** Whoever only ever awaits what is done at once would keep the event loop out. */
  async #yieldAfter(sent: number): Promise<void> {
    this.#sent += sent;
    if (this.#sent < burst) return;
    this.#sent = 0;
    await nextTurn();
  }

  /** How many of all are sent then. */
  #advance(messages: readonly Uint8Array[], sent: number): number {
    let all = sent;
    while (all < messages.length) {
      const more = this.#attemptMany(messages, all, this.#codec.tag);
      if (more === 0) break;
      all += more;
    }
    return all;
  }

  /** None is sent if one of them cannot be. */
  #encodeAll(values: readonly T[]): Uint8Array[] {
    if (!Array.isArray(values)) throw invalidType('messages', 'an instance of Array', values);
    const messages: Uint8Array[] = [];
    for (const value of values) {
      const message = encodeBy(this.#codec, value);
      // Another thread may make a shared buffer longer while it is copied.
      messages.push(message.buffer instanceof SharedArrayBuffer ? message.slice() : message);
    }
    return messages;
  }

  /** Tells the readers of a stream that it has ended. */
  async end(options: AsyncWaitOptions | undefined): Promise<void> {
    return this.#send(new Uint8Array(), endTag, options);
  }

  async #send(
    message: Uint8Array,
    tag: number,
    options: AsyncWaitOptions | undefined,
  ): Promise<void> {
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    if (this.line.isEmpty && this.#attempt(message, tag)) {
      return this.#yieldAfter(1);
    }
    await this.line.join(
      () => this.#attempt(message, tag),
      () => writable + message.length,
      wait,
    );
  }

  sendSync(value: T, options: WaitOptions | undefined): void {
    const wait = checkWait(options);
    const message = encodeBy(this.#codec, value);
    const { tag } = this.#codec;
    if (this.line.isEmpty && this.#attempt(message, tag)) return;
    const deadline = performance.now() + (wait.timeout ?? 0);
    for (;;) {
      this.line.advance();
      if (!this.line.isEmpty) this.#letOthersGoFirst(wait.timeout, deadline);
      else if (this.#attempt(message, tag)) return;
      else waitSync(this.#object, writable + message.length, wait.timeout, deadline);
    }
  }

  /** There may be room for this message, and not for the one whose turn it is. */
  #letOthersGoFirst(timeout: number | undefined, deadline: number): void {
    if (timeout !== undefined && performance.now() >= deadline)
      throw timedOut(this.#object.constructor.name, timeout, this.#object.name);
    Atomics.wait(never, 0, 0, 1);
  }
}

/** Nobody wakes who sleeps on this. */
const never = new Int32Array(new SharedArrayBuffer(4));

/** Waits in this thread, for what is left of the time. */
export function waitSync(
  object: SharedObject,
  way: number,
  timeout: number | undefined,
  deadline: number,
): void {
  const left = timeout === undefined ? undefined : Math.max(0, deadline - performance.now());
  waitForSync([new Want(object, way)], false, { timeout: left, signal: undefined });
}
