// SharedObject: what all locks, semaphores, events, conditions and barriers have in common.
import { invalidType, makeError, timedOut } from './errors.js';
import { internal, Mapping, nativeOf } from './mapping.js';
import { addon, type Cancel, type NativeHolder, type WaitResult } from './native.js';
import { run } from './operation.js';
import { type Bytes, checkBytes, checkString } from './validate.js';
import type { CheckedWait } from './wait-options.js';

/** A holder of a lock, for people: nothing is ever decided by it. */
export interface Holder {
  /** In its own PID namespace. */
  pid: number;
  /** Name of its program; may be empty. */
  program: string;
  /** When its process, or worker, began to use crossmem's locks. */
  started: Date;
  /** When it got the lock, if it had to wait for it or keeps statistics. */
  since?: Date;
  /** It died holding the lock, and nobody has asked for it since. */
  dead: boolean;
}

export function toHolder({ since, started, ...rest }: NativeHolder): Holder {
  const holder: Holder = { ...rest, started: new Date(started) };
  if (since !== undefined) holder.since = new Date(since);
  return holder;
}

/** What a subclass passes up. */
export interface ObjectParts {
  id: number;
  name: string | undefined;
}

export function openByName(kind: number, parameter: number | undefined, name: string): ObjectParts {
  return { id: addon.openObject(kind, parameter, checkString('name', name)), name };
}

export function openInMapping(
  kind: number,
  parameter: number | undefined,
  mapping: Mapping,
  offset: Bytes,
): ObjectParts {
  if (!(mapping instanceof Mapping))
    throw invalidType('mapping', 'an instance of Mapping', mapping);
  const at = checkBytes('offset', offset);
  return { id: addon.openObject(kind, parameter, nativeOf(mapping), at), name: undefined };
}

/** What is waited for: an object in one of its ways. */
export class Want {
  constructor(
    /** Which object. */
    readonly object: SharedObject,
    /** How it is wanted: a number of the object's own. */
    readonly way: number,
  ) {}

  /** Whether both can never be had at the same time by one thread. */
  excludes({ object, way }: Want): boolean {
    const same =
      object === this.object ||
      (object.name !== undefined &&
        object.name === this.object.name &&
        object.constructor === this.object.constructor);
    return same && (object.alone(way) || object.alone(this.way));
  }
}

/** Closes what was forgotten. A guard, or a wait, keeps its object from being. */
const forgotten = new FinalizationRegistry<number>((id) => addon.closeObject(id));

/**
 * The base of {@link Mutex}, {@link RwLock}, {@link Semaphore}, {@link Event}, {@link Condition} and
 * {@link Barrier}: words in memory that processes share, by name or at a place in a mapping.
 *
 * A name exists while somebody has it open, and is seen by all processes of this user. An object
 * belongs to the thread that opened it; each worker opens its own, and is a holder of its own: what
 * it holds when it ends is told to be abandoned.
 */
export abstract class SharedObject implements Disposable {
  /** What the addon knows it by. */
  readonly #id: number;
  #closed = false;
  /** What ends the waits that go on. */
  readonly #waits = new Set<EndWait>();
  readonly #name: string | undefined;
  #loopStays = true;

  protected constructor(token: symbol, parts: ObjectParts) {
    if (token !== internal) {
      throw Object.assign(new TypeError('Illegal constructor'), {
        code: 'ERR_ILLEGAL_CONSTRUCTOR',
      });
    }
    this.#id = parts.id;
    this.#name = parts.name;
    forgotten.register(this, parts.id, this);
  }

  /** Undefined for one in a mapping. */
  get name(): string | undefined {
    return this.#name;
  }

  /** True after {@link close}: whatever needs the object throws `ERR_CROSSMEM_CLOSED` then. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * How many processes and workers sleep for it now, as far as it can be told: one that waits for
   * many objects does not name them all. For people.
   */
  get waiters(): number {
    return addon.waitersOf(this.id);
  }

  /** Waits that begin from now on do not keep the event loop up. */
  unref(): this {
    this.#loopStays = false;
    return this;
  }

  /** Undoes {@link unref}. */
  ref(): this {
    this.#loopStays = true;
    return this;
  }

  /**
   * Lets the object go, and what is held through it; waits for it reject with `ERR_CROSSMEM_CLOSED`.
   * Twice is fine. It throws, and is closed all the same, if something cannot be released: because
   * the mapping that it lies in was closed before it.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.releaseAll();
    } finally {
      if (this.#waits.size === 0) this.#end();
      for (const end of this.#waits) end(this.#closedError());
    }
  }

  #closedError(): Error {
    const text = 'the object was closed while somebody waited for it';
    return makeError('ERR_CROSSMEM_CLOSED', undefined, this.#name, text);
  }

  #end(): void {
    forgotten.unregister(this);
    addon.closeObject(this.#id);
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal 0 once closed. */
  get id(): number {
    return this.#closed ? 0 : this.#id;
  }
  /** @internal To give back by what was got: good until the last wait has ended. */
  get idToGiveBack(): number {
    return this.#id;
  }
  /** @internal From now until {@link endWait} it is not closed altogether; `end` is called if it should. */
  beginWait(end: EndWait): void {
    this.#waits.add(end);
  }
  /** @internal */
  endWait(end: EndWait): void {
    this.#waits.delete(end);
    if (this.#closed && this.#waits.size === 0) this.#end();
  }
  /** @internal */
  get loopStays(): boolean {
    return this.#loopStays;
  }
  /** @internal */
  get wantedByDefault(): Want {
    return new Want(this, this.defaultWay);
  }
  /** @internal */
  protected get defaultWay(): number {
    return 0;
  }
  /** @internal Whether nobody else has it who has it so. */
  alone(_way: number): boolean {
    return false;
  }
  /** @internal Whether what was got can be given back, as if nothing had been. */
  get givesBack(): boolean {
    return true;
  }
  /** @internal Of what was got: something to give it back by, if it can be. */
  abstract take(way: number, got: number): Disposable | undefined;
  /** @internal What is held through this object. */
  protected releaseAll(): void {}
}

/** Waits for one of several, or for all, in this thread; for what is left of the time. */
export function waitForSync(
  wants: readonly Want[],
  all: boolean,
  options: CheckedWait,
  left = options.timeout,
): number[] {
  const result = addon.waitSync(
    wants.map(({ object }) => object.id),
    wants.map(({ way }) => way),
    all,
    left,
  );
  return unlessTimedOut(result, wants, options);
}

/** How a wait is ended from outside: it rejects with the reason. */
export type EndWait = (reason: unknown) => void;

interface LaterOptions extends CheckedWait {
  loopStays?: boolean;
  /** Told how to end the wait, before it can end. */
  begun?: (end: EndWait) => void;
}

/**
 * The same, later. What was got in the moment when it was aborted, or one of the objects closed, is
 * given back.
 */
export async function waitFor(
  wants: readonly Want[],
  all: boolean,
  options: LaterOptions,
): Promise<number[]> {
  const { signal, timeout, begun } = options;
  const loopStays = options.loopStays ?? wants.some(({ object }) => object.loopStays);
  const ids = wants.map(({ object }) => object.id);
  const allWays = wants.map(({ way }) => way);
  let ended: { reason: unknown } | undefined;
  let cancel: Cancel | undefined;
  const end: EndWait = (reason) => {
    ended ??= { reason };
    cancel?.();
  };
  for (const { object } of wants) object.beginWait(end);
  begun?.(end);
  try {
    const result = await run<WaitResult>(
      (_, done) => {
        cancel = addon.wait(undefined, done, ids, allWays, all, timeout, loopStays);
        return cancel;
      },
      { signal },
    );
    if (result === undefined || (ended === undefined && !signal?.aborted)) {
      return unlessTimedOut(result, wants, options);
    }
    const got = all ? wants : [wants[result[0] ?? 0] as Want];
    // A barrier that has opened has: there is no way back, and whoever aborts comes too late.
    if (ended === undefined && !got.every(({ object }) => object.givesBack)) return result;
    for (const taken of takeAll(wants, all, result)) taken?.[Symbol.dispose]();
    throw ended === undefined ? signal?.reason : ended.reason;
  } catch (error) {
    // It tells only that it was cancelled.
    throw ended !== undefined && (error as { code?: string }).code === 'ABORT_ERR'
      ? ended.reason
      : error;
  } finally {
    for (const { object } of wants) object.endWait(end);
  }
}

/** What was got of each; of one, it alone. */
export function takeAll(
  wants: readonly Want[],
  all: boolean,
  [index = 0, ...each]: readonly number[],
): (Disposable | undefined)[] {
  if (all) return wants.map(({ object, way }, i) => object.take(way, each[i] ?? 0));
  const want = wants[index] as Want;
  return [want.object.take(want.way, each[0] ?? 0)];
}

function unlessTimedOut(
  result: WaitResult,
  wants: readonly Want[],
  { timeout }: CheckedWait,
): number[] {
  if (result !== undefined) return result;
  const [first] = wants;
  if (wants.length !== 1 || first === undefined) throw timedOut('wait', timeout ?? 0);
  throw timedOut(first.object.constructor.name, timeout ?? 0, first.object.name);
}
