// Messages that somebody has in his hands: reserved by a producer, or leased by a consumer.
import { makeError } from './errors.js';
import { addon } from './native.js';

/** Whose message it is: forgets it once it has ended. */
export interface MessageHolder {
  /** @internal */
  forget(message: HeldMessage): void;
}

/** What both have in common. */
export abstract class HeldMessage implements Disposable {
  #holder: MessageHolder | undefined;
  readonly #number: number;

  /** @internal */
  constructor(holder: MessageHolder, number: number) {
    this.#holder = holder;
    this.#number = number;
  }

  /** True once it was ended, or its queue closed. */
  get ended(): boolean {
    return this.#holder === undefined;
  }

  /** What was begun and not ended is undone, for `using`. */
  [Symbol.dispose](): void {
    if (!this.ended) this.end(false);
  }

  /** @internal */
  get number(): number {
    return this.#holder === undefined ? 0 : this.#number;
  }

  /** @internal `ERR_CROSSMEM_CLOSED` if it has ended before. */
  end(well: boolean): void {
    const { number } = this;
    this.#holder?.forget(this);
    this.#holder = undefined;
    addon.endMessage(number, well);
  }
}

/**
 * Room for a message, or for a value, that is filled in place, until it is committed or cancelled; if
 * its process dies, it is cancelled. In a queue it holds back all messages that are sent after it. Of
 * a {@link Latest} it holds up all other writers.
 */
export class Reservation extends HeldMessage {
  /**
   * Where the message goes; what was there before may still be in it. Not to be used any more once it
   * is committed or cancelled.
   */
  readonly buffer: Uint8Array;
  readonly #copied: boolean;

  /** @internal */
  constructor(holder: MessageHolder, number: number, buffer: Uint8Array, copied: boolean) {
    super(holder, number);
    this.buffer = buffer;
    this.#copied = copied;
  }

  /** Sends it, or makes it the newest. Once. */
  commit(): void {
    if (this.#copied) addon.fillMessage(this.number, this.buffer);
    this.end(true);
  }

  /** Nothing is sent or changed. Twice is fine, and after {@link commit}. */
  cancel(): void {
    this[Symbol.dispose]();
  }
}

/**
 * A message that stays in its queue until it is acknowledged. If its process dies first, or it is
 * given back, another one gets it.
 */
export class Lease<T> extends HeldMessage {
  /** Counts the messages of the queue, modulo 2^32; never the same for two of them. */
  readonly sequence: number;
  /** How often it was leased before without being acknowledged, at most. */
  readonly redelivered: number;
  readonly #decode: () => T;
  #value: { is: T } | undefined;

  /** @internal */
  constructor(
    holder: MessageHolder,
    number: number,
    decode: () => T,
    sequence: number,
    redelivered: number,
  ) {
    super(holder, number);
    this.#decode = decode;
    this.sequence = sequence;
    this.redelivered = redelivered;
  }

  /**
   * What it says; `ERR_CROSSMEM_CODEC` if that cannot be told, `ERR_CROSSMEM_CLOSED` if the lease has
   * ended before it was asked for. Of the codec `'bytes'` it is a view of
   * the queue's memory: not to be used any more once the lease has ended.
   */
  get value(): T {
    // Ended, its memory may be another message's by now.
    if (this.#value === undefined && this.ended)
      throw makeError('ERR_CROSSMEM_CLOSED', undefined, undefined, 'the lease has ended');
    this.#value ??= { is: this.#decode() };
    return this.#value.is;
  }

  /** It is done with. Once. */
  ack(): void {
    this.end(true);
  }

  /** Back to its place in the queue, for whoever comes first. Twice is fine, and after {@link ack}. */
  release(): void {
    this[Symbol.dispose]();
  }
}
