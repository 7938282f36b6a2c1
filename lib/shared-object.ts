// SharedObject: what all locks, semaphores, events, conditions and barriers have in common.
import { invalidType, timedOut } from './errors.js';
import { internal, Mapping, nativeOf } from './mapping.js';
import { addon, type NativeHolder, type WaitResult } from './native.js';
import { run } from './operation.js';
import { type Bytes, checkBytes, checkString } from './validate.js';
import type { CheckedWait } from './wait-options.js';

/** A holder of a lock, for people: nothing is ever decided by it. */
export interface Holder {
  /** In its own PID namespace. */
  pid: number;
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
    readonly object: SharedObject,
    readonly way: number,
  ) {}
}

/**
 * The base of {@link Mutex}, {@link RwLock}, {@link Semaphore}, {@link Event}, {@link Condition} and
 * {@link Barrier}: words in memory that processes share, by name or at a place in a mapping.
 *
 * A name exists while somebody has it open, and is seen by all processes of this user. An object
 * belongs to the thread that opened it; each worker opens its own, and is a holder of its own: what
 * it holds when it ends is told to be abandoned.
 */
export abstract class SharedObject implements Disposable {
  /** What the addon knows it by; 0 once closed. */
  #id: number;
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
  }

  /** Undefined for one in a mapping. */
  get name(): string | undefined {
    return this.#name;
  }

  get closed(): boolean {
    return this.#id === 0;
  }

  /**
   * How many processes and workers sleep for it now, as far as it can be told: one that waits for
   * many objects does not name them all. For people.
   */
  get waiters(): number {
    return addon.waitersOf(this.#id);
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

  /** Lets the object go, and what is held through it. Twice is fine. */
  close(): void {
    if (this.#id === 0) return;
    this.releaseAll();
    addon.closeObject(this.#id);
    this.#id = 0;
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  get id(): number {
    return this.#id;
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
  /** @internal Of what was got: something to give it back by, if it can be. */
  abstract take(way: number, got: number): Disposable | undefined;
  /** @internal What is held through this object. */
  protected releaseAll(): void {}
}

/** Waits for one of several, or for all, in this thread. */
export function waitForSync(wants: readonly Want[], all: boolean, options: CheckedWait): number[] {
  const result = addon.waitSync(
    wants.map(({ object }) => object.id),
    wants.map(({ way }) => way),
    all,
    options.timeout,
  );
  return unlessTimedOut(result, wants, options);
}

/** The same, later. What was got when it was aborted already is given back. */
export async function waitFor(
  wants: readonly Want[],
  all: boolean,
  options: CheckedWait,
  loopStays = wants.some(({ object }) => object.loopStays),
): Promise<number[]> {
  const { signal, timeout } = options;
  const objects = wants.map(({ object }) => object.id);
  const result = unlessTimedOut(
    await run<WaitResult>(
      (_, done) =>
        addon.wait(
          undefined,
          done,
          objects,
          wants.map(({ way }) => way),
          all,
          timeout,
          loopStays,
        ),
      { signal },
    ),
    wants,
    options,
  );
  if (signal?.aborted) {
    for (const taken of takeAll(wants, all, result)) taken?.[Symbol.dispose]();
    throw signal.reason;
  }
  return result;
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
