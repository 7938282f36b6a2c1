// Barrier: nobody goes on before all have come.
import { internal, type Mapping } from './mapping.js';
import { addon, got, kinds } from './native.js';
import {
  type ObjectParts,
  openByName,
  openInMapping,
  SharedObject,
  waitFor,
  waitForSync,
} from './shared-object.js';
import { type Bytes, checkInteger, checkObject, checkString } from './validate.js';
import { type AsyncWaitOptions, checkWait, type WaitOptions } from './wait-options.js';

/** Options of {@link Barrier.open} and {@link Barrier.at}. */
export interface BarrierOptions {
  /**
   * How many, 1 to 4,096. Without it the barrier must exist (`ENOENT`); if it is for another number,
   * `ERR_INVALID_ARG_VALUE`.
   */
  parties?: number | undefined;
}

const mostParties = 4096;

function checkParties(options: BarrierOptions | undefined): number | undefined {
  const { parties } = checkObject('options', options);
  return parties === undefined
    ? undefined
    : checkInteger('options.parties', parties, 1, mostParties);
}

/**
 * A barrier between threads and processes, to be used again and again. Whoever dies while waiting, or
 * gives up, has not come: another takes the place.
 */
export class Barrier extends SharedObject {
  readonly #parties: number;

  private constructor(token: symbol, parts: ObjectParts) {
    super(token, parts);
    this.#parties = addon.objectParameter(parts.id);
  }

  /** Bytes of a barrier in a mapping. */
  static size(parties: number): number {
    return 32 + 8 * checkInteger('parties', parties, 1, mostParties);
  }

  /** Opens the barrier of this name, or makes it. */
  static open(name: string, options?: BarrierOptions): Barrier {
    return new Barrier(internal, openByName(kinds.barrier, checkParties(options), name));
  }

  /** The barrier at this place of a mapping; see {@link Mutex.at}. */
  static at(mapping: Mapping, offset: Bytes, options?: BarrierOptions): Barrier {
    const parties = checkParties(options);
    return new Barrier(internal, openInMapping(kinds.barrier, parties, mapping, offset));
  }

  /** Removes the name; those who have it open keep it. False if there was none. */
  static unlink(name: string): boolean {
    return addon.unlinkObject(checkString('name', name));
  }

  /** How many have to come. */
  get parties(): number {
    return this.#parties;
  }

  /** How many have come and wait. */
  get arrived(): number {
    return addon.objectValue(this.id);
  }

  /** Resolves when all have come: with true for the one that they waited for. */
  async arrive(options?: AsyncWaitOptions): Promise<boolean> {
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    const [, how] = await waitFor([this.wantedByDefault], false, wait);
    return how === got.last;
  }

  /** {@link arrive}, blocking this thread. */
  arriveSync(options?: WaitOptions): boolean {
    const [, how] = waitForSync([this.wantedByDefault], false, checkWait(options));
    return how === got.last;
  }

  /** @internal */
  override get givesBack(): boolean {
    return false;
  }

  /** @internal */
  override take(): undefined {
    return undefined;
  }
}
