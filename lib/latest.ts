// Latest: the newest whole value, for threads and processes that want no other.
import { Changes, newerThan } from './changes.js';
import { type Codec, type CodecName, checkCodec, decodeBy, type Memory } from './codec.js';
import { CrossmemError } from './errors.js';
import { FastLatest, FOUND, get, isStill, look, NONE, offsetOf, versionOf } from './fast/latest.js';
import { type HeldMessage, Reservation } from './held-message.js';
import { missed } from './line.js';
import { internal, type Mapping } from './mapping.js';
import { addon, kinds } from './native.js';
import { Outbox, writable } from './outbox.js';
import { openOrMake } from './ring-options.js';
import { type ObjectParts, openByName, openInMapping, SharedObject } from './shared-object.js';
import {
  type Bytes,
  checkBytes,
  checkFlag,
  checkInteger,
  checkObject,
  checkOptionalBytes,
  checkString,
} from './validate.js';
import { type AsyncWaitOptions, checkWait, type WaitOptions } from './wait-options.js';

/** Options of {@link Latest.at}. */
export interface LatestOptions {
  /**
   * Bytes of the longest value, 1 to 1 GiB, rounded up by less than a thousandth. Default: what it
   * has, or 64 KiB if it is made.
   */
  size?: Bytes | undefined;
  /** What its values are; the same for all who use it. Default `'bytes'`. */
  // biome-ignore lint/suspicious/noExplicitAny: what its values are, `open` infers.
  codec?: CodecName | Codec<any> | undefined;
}

/** Options of {@link Latest.open}. */
export interface LatestOpenOptions extends LatestOptions {
  /** False: only if it is there, otherwise `ENOENT`. Default `true`. */
  create?: boolean | undefined;
}

/** Options of {@link Latest.changed} and {@link Latest.values}. */
export interface ChangesOptions extends AsyncWaitOptions {
  /** A newer value than that of this version: 0 is older than all. */
  since?: number | undefined;
}

/** The newest value where it lies, not copied: read it, and then ask {@link valid}. */
export interface Look {
  /** Not to be used any more once it is not valid, or the object is closed. */
  readonly bytes: Uint8Array;
  /** Counts the values that were set, from 1. */
  readonly version: number;
  /** Of the codec that it was made by. */
  readonly tag: number;
  /**
   * Whether all that was read of {@link bytes} until now was this value. If not, throw it away: a
   * writer has begun to overwrite it, which happens when the second value after it is complete.
   */
  valid(): boolean;
}

const defaultSize = 64 * 1024;
const mostSize = 2 ** 30;

const checkSize = (name: string, size: Bytes): number =>
  checkInteger(name, checkBytes(name, size), 1, mostSize);

/** Undefined: as it is. */
function checkOptions(options: LatestOptions): [size: number | undefined, codec: Codec<unknown>] {
  const size = checkOptionalBytes('options.size', options.size);
  return [
    size === undefined ? undefined : checkSize('options.size', size),
    checkCodec(options.codec),
  ];
}

/**
 * A value that threads and processes share, and that is replaced as a whole: frames of a camera,
 * readings of a sensor, settings. Any number of them set it and read it. Whoever reads gets the
 * newest whole value at once, whatever writers are doing, or have died of.
 *
 * ```js
 * using frame = Latest.open('camera', { size: 1920 * 1080 * 4 });
 * await frame.set(pixels);
 * // in other processes:
 * for await (const pixels of frame) show(pixels);
 * ```
 *
 * It has room for three values, and goes with its last user.
 *
 * @typeParam T What is got; `In`: what is set.
 */
export class Latest<T = Uint8Array, In = T> extends SharedObject {
  /** Undefined where memory cannot be seen from JavaScript (Electron), and while closed. */
  #fast: FastLatest | undefined;
  readonly #size: number;
  readonly #codec: Codec<unknown>;
  readonly #outbox: Outbox<In>;
  readonly #changes: Changes;
  readonly #held = new Set<HeldMessage>();
  /** Of what {@link #take} took. */
  #tag = 0;
  #version = 0;

  private constructor(token: symbol, parts: ObjectParts, codec: Codec<unknown>) {
    super(token, parts);
    this.#size = addon.objectParameter(parts.id);
    this.#codec = codec;
    try {
      this.#fast = new FastLatest(addon.objectMemory(parts.id), this.#size);
    } catch (error) {
      const { code } = error as CrossmemError;
      if (code !== 'ERR_CROSSMEM_NO_EXTERNAL_BUFFERS') throw error;
    }
    this.#outbox = new Outbox(this, codec, (value, tag) => addon.setLatest(this.id, value, tag));
    this.#changes = new Changes(this, () => this.version);
  }

  /** Opens the one of this name, or makes it. Names: 1 to 200 bytes of UTF-8 without `/`. */
  static open(
    name: string,
    options?: LatestOpenOptions & { codec?: 'bytes' | undefined },
  ): Latest<Uint8Array, Memory>;
  static open<T, In = T>(
    name: string,
    options: LatestOpenOptions & { codec: Codec<T> },
  ): Latest<T, In>;
  static open<T = unknown>(name: string, options: LatestOpenOptions): Latest<T>;
  static open(name: string, options?: LatestOpenOptions): Latest<never> {
    const checked = checkObject('options', options);
    const [size, codec] = checkOptions(checked);
    const create = checkFlag('options.create', checked.create, true);
    const open = (parameter?: number) => openByName(kinds.latest, parameter, name);
    const parts = create ? openOrMake(open, size, defaultSize) : open();
    return new Latest(internal, parts, codec);
  }

  /**
   * The one at this place of a mapping that others share, a multiple of 64 bytes: made if the memory
   * is zeroes. It has {@link Latest.size} bytes.
   */
  static at(
    mapping: Mapping,
    offset: Bytes,
    options?: LatestOptions & { codec?: 'bytes' | undefined },
  ): Latest<Uint8Array, Memory>;
  static at<T, In = T>(
    mapping: Mapping,
    offset: Bytes,
    options: LatestOptions & { codec: Codec<T> },
  ): Latest<T, In>;
  static at<T = unknown>(mapping: Mapping, offset: Bytes, options: LatestOptions): Latest<T>;
  static at(mapping: Mapping, offset: Bytes, options?: LatestOptions): Latest<never> {
    const [size, codec] = checkOptions(checkObject('options', options));
    const open = (parameter?: number) => openInMapping(kinds.latest, parameter, mapping, offset);
    return new Latest(internal, openOrMake(open, size, defaultSize), codec);
  }

  /** Bytes of one in a mapping, for values of up to `size` bytes: three times that, and some. */
  static size(size: Bytes): number {
    return addon.latestSize(checkSize('size', size));
  }

  /** Removes the name; those who have it open keep it. False if there was none. */
  static unlink(name: string): boolean {
    return addon.unlinkObject(checkString('name', name));
  }

  /** Bytes of the longest value. */
  get maxLength(): number {
    return this.#size;
  }

  /** Counts the values that were set, from 1; 0 if none was. */
  get version(): number {
    const fast = this.#fast;
    return (fast !== undefined ? versionOf(fast) : undefined) ?? addon.objectValue(this.id);
  }

  /**
   * False if another writer stands still in the middle of it. Does not wait. `ERR_OUT_OF_RANGE` for a
   * value longer than {@link maxLength}.
   */
  trySet(value: In): boolean {
    return this.#outbox.trySend(value);
  }

  /**
   * Resolves when it is the newest value; bytes must not be changed until then. What one object sets
   * keeps its order.
   */
  set(value: In, options?: AsyncWaitOptions): Promise<void> {
    return this.#outbox.send(value, options);
  }

  /**
   * Blocks this thread, event loop and all, until it is the newest value. `EDEADLK` if this object has
   * reserved the next one: it would be for ever.
   */
  setSync(value: In, options?: WaitOptions): void {
    if (this.#held.size > 0) {
      const text = 'what this object has reserved is to be committed or cancelled before';
      throw new CrossmemError('EDEADLK', `It would wait for ever: ${text}`, { path: this.name });
    }
    this.#outbox.sendSync(value, options);
  }

  /** The newest value, or undefined if none was ever set. Never waits for a writer. */
  get(): T | undefined {
    const bytes = this.#take();
    return bytes === undefined ? undefined : (decodeBy(this.#codec, bytes, this.#tag) as T);
  }

  /**
   * The newest value's bytes where they lie, or undefined if none was ever set. For what is too big to
   * be copied; where memory cannot be seen from JavaScript (Electron), it is a copy.
   */
  look(): Look | undefined {
    const fast = this.#fast;
    const found = fast === undefined ? undefined : look(fast);
    if (found === NONE) return undefined;
    if (fast !== undefined && found === FOUND) {
      const { low, high, place, length, tag, version } = fast;
      const bytes = new Uint8Array(fast.bytes.buffer, offsetOf(fast), length);
      const valid = () => this.#fast === fast && isStill(fast, place, low, high);
      return { bytes, version, tag, valid };
    }
    const bytes = this.#take();
    if (bytes === undefined) return undefined;
    // A copy of a whole value remains one.
    return { bytes, version: this.#version, tag: this.#tag, valid: () => true };
  }

  /** Resolves with a version that is newer than `since`, at once if there is one. Default: newer than now. */
  async changed(options?: ChangesOptions): Promise<number> {
    const wait = checkWait(options);
    return this.#changes.wait(checkSince(options) ?? this.version, wait);
  }

  /** {@link changed}, blocking this thread, event loop and all. */
  changedSync(options?: WaitOptions & Pick<ChangesOptions, 'since'>): number {
    const { timeout } = checkWait(options);
    return this.#changes.waitSync(checkSince(options) ?? this.version, timeout);
  }

  /**
   * The newest value whenever there is a newer one, until it is closed; those in between are passed
   * over. Begins with the one that there is now, or with the first that is newer than `since`.
   * `timeout` is for each of them.
   */
  values(options?: ChangesOptions): AsyncGenerator<T, void, undefined> {
    return this.#iterate(checkSince(options) ?? 0, checkWait(options));
  }

  /** {@link values}. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.values();
  }

  /**
   * The next value, to be written in place, of this length or of {@link maxLength}; null if another
   * writer stands still in the middle of it. Until it is committed or cancelled, all other writers
   * wait, and readers get the value before.
   */
  tryReserve(length: Bytes = this.#size): Reservation | null {
    const checked = checkBytes('length', length);
    return this.#outbox.line.isEmpty ? this.#reserve(checked) : null;
  }

  /** Resolves when no other writer is at it, with {@link tryReserve}. */
  async reserve(length: Bytes = this.#size, options?: AsyncWaitOptions): Promise<Reservation> {
    const checked = checkBytes('length', length);
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    const reservation = this.tryReserve(checked);
    if (reservation !== null) return reservation;
    const attempt = () => this.#reserve(checked) ?? missed;
    return this.#outbox.line.join(attempt, () => writable, wait);
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

  /** @internal */
  forget(message: HeldMessage): void {
    this.#held.delete(message);
  }

  /** @internal */
  override take(): undefined {
    return undefined;
  }

  /** @internal */
  protected override get defaultWay(): number {
    return newerThan(this.version);
  }

  /** @internal */
  protected override releaseAll(): void {
    for (const message of this.#held) message[Symbol.dispose]();
    this.#fast = undefined;
  }

  #waitAnew(): void {
    this.#outbox.line.waitAnew();
    this.#changes.waitAnew();
  }

  /** A copy of the newest value's bytes. */
  #take(): Uint8Array | undefined {
    const fast = this.#fast;
    if (fast !== undefined) {
      const found = get(fast);
      const { value } = fast;
      fast.value = undefined;
      if (found === NONE) return undefined;
      if (found === FOUND) {
        this.#tag = fast.tag;
        this.#version = fast.version;
        return value;
      }
    }
    const [bytes, tag = 0, version = 0] = addon.getLatest(this.id) ?? [];
    this.#tag = tag;
    this.#version = version;
    return bytes;
  }

  async *#iterate(
    begin: number,
    wait: ReturnType<typeof checkWait>,
  ): AsyncGenerator<T, void, undefined> {
    for (let since = begin; ; ) {
      let bytes: Uint8Array | undefined;
      try {
        await this.#changes.wait(since, wait);
        bytes = this.#take();
      } catch (error) {
        const isClosed = (error as { code?: string }).code === 'ERR_CROSSMEM_CLOSED';
        if (this.closed && isClosed) return;
        throw error;
      }
      if (bytes === undefined) continue;
      since = this.#version;
      yield decodeBy(this.#codec, bytes, this.#tag) as T;
    }
  }

  #reserve(length: number): Reservation | null {
    const reserved = addon.reserveLatest(this.id, length, this.#codec.tag);
    if (reserved === undefined) return null;
    const [number, offset] = reserved;
    const memory = this.#fast?.bytes.buffer;
    const buffer =
      memory === undefined ? new Uint8Array(length) : new Uint8Array(memory, offset, length);
    const reservation = new Reservation(this, number, buffer, memory === undefined);
    this.#held.add(reservation);
    return reservation;
  }
}

function checkSince(options: ChangesOptions | undefined): number | undefined {
  const { since } = checkObject('options', options);
  if (since === undefined) return undefined;
  return checkInteger('options.since', since, 0, Number.MAX_SAFE_INTEGER);
}
