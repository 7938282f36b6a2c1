// Event: one process tells others that something has happened.
import { internal, type Mapping } from './mapping.js';
import { addon, eventFlags, got, kinds } from './native.js';
import { openByName, openInMapping, SharedObject, waitFor, waitForSync } from './shared-object.js';
import { type Bytes, checkFlag, checkObject, checkOneOf, checkString } from './validate.js';
import { type AsyncWaitOptions, checkWait, type WaitOptions } from './wait-options.js';

/** Options of {@link Event.open} and {@link Event.at}; the same in all processes. */
export interface EventOptions {
  /**
   * `'manual'` (default): stays set until {@link Event.reset}, and lets everybody through. `'auto'`:
   * lets one through, which resets it.
   */
  reset?: 'manual' | 'auto' | undefined;
  /** Whether it is set when it is made. Default `false`. */
  set?: boolean | undefined;
}

function checkEvent(options: EventOptions | undefined): number {
  const { reset, set } = checkObject('options', options);
  const automatic = checkOneOf('options.reset', reset ?? 'manual', ['manual', 'auto']) === 'auto';
  return (
    (automatic ? eventFlags.automatic : 0) |
    (checkFlag('options.set', set, false) ? eventFlags.initiallySet : 0)
  );
}

/**
 * A flag between threads and processes that can be waited for. Who waits for a manual event when it
 * is set gets through, even if it is reset at once. A process that dies right after it got an `'auto'`
 * event has used it up; where that must not be, use {@link Semaphore}.
 */
export class Event extends SharedObject {
  /** Bytes of an event in a mapping. */
  static readonly size = 32;

  readonly #automatic: boolean;

  private constructor(token: symbol, parts: ReturnType<typeof openByName>, flags: number) {
    super(token, parts);
    this.#automatic = (flags & eventFlags.automatic) !== 0;
  }

  /** Opens the event of this name, or makes it. */
  static open(name: string, options?: EventOptions): Event {
    const flags = checkEvent(options);
    return new Event(internal, openByName(kinds.event, flags, name), flags);
  }

  /** The event at this place of a mapping; see {@link Mutex.at}. */
  static at(mapping: Mapping, offset: Bytes, options?: EventOptions): Event {
    const flags = checkEvent(options);
    return new Event(internal, openInMapping(kinds.event, flags, mapping, offset), flags);
  }

  /** Removes the name; those who have it open keep it. False if there was none. */
  static unlink(name: string): boolean {
    return addon.unlinkObject(checkString('name', name));
  }

  /** Whether it is set now; others may change it at any time. */
  get isSet(): boolean {
    return addon.objectValue(this.id) !== 0;
  }

  /** Sets it: wakes all who wait, of `'auto'` one. Does not block. */
  set(): void {
    addon.setEvent(this.id, true);
  }

  /** Unsets it. Does not block. */
  reset(): void {
    addon.setEvent(this.id, false);
  }

  /** Whether it was set; `'auto'`: it is not any more. */
  tryWait(): boolean {
    return addon.tryObject(this.id, 0) !== got.nothing;
  }

  /** Blocks this thread until it is set. */
  waitSync(options?: WaitOptions): void {
    waitForSync([this.wantedByDefault], false, checkWait(options));
  }

  /** Resolves when it is set. */
  async wait(options?: AsyncWaitOptions): Promise<void> {
    const wait = checkWait(options);
    wait.signal?.throwIfAborted();
    if (!this.tryWait()) await waitFor([this.wantedByDefault], false, wait);
  }

  /** @internal */
  override take(): Disposable {
    // Only what nobody has seen is given back.
    return {
      [Symbol.dispose]: () => {
        if (this.#automatic) addon.setEvent(this.idToGiveBack, true);
      },
    };
  }
}
