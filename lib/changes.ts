// Changes: those who wait for something newer than what they know.
import { Alertness } from './alertness.js';
import { sleepFor } from './doorbell.js';
import { nextTurn } from './line.js';
import { waitSync } from './outbox.js';
import { type EndWait, type SharedObject, Want } from './shared-object.js';
import type { CheckedWait } from './wait-options.js';

/** How many changes are told before the event loop has its turn. */
const burst = 512;
/** Beside a version, modulo this: what is newer is waited for. */
const newerFlag = 2 ** 31;

/** How an object is waited for that has a newer version than this. */
export const newerThan = (version: number): number => newerFlag + (version % newerFlag);

/** Ends a wait that is to begin anew. */
const changed = Symbol('changed');

export class Changes {
  readonly #object: SharedObject;
  readonly #version: () => number;
  readonly #waits = new Set<EndWait>();
  readonly #alertness = new Alertness();
  #told = 0;

  /** `version` throws once the object is closed. */
  constructor(object: SharedObject, version: () => number) {
    this.#object = object;
    this.#version = version;
  }

  /** Resolves with a version that is newer than this one. */
  async wait(since: number, { timeout, signal }: CheckedWait): Promise<number> {
    const deadline = timeout === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeout;
    for (;;) {
      signal?.throwIfAborted();
      const version = this.#version();
      if (version > since) {
        this.#alertness.renew();
        this.#told = (this.#told + 1) % burst;
        // Whoever only ever awaits what is there would keep the event loop out.
        if (this.#told === 0) await nextTurn();
        return version;
      }
      if (this.#alertness.isAwake() && performance.now() < deadline) {
        await nextTurn();
      } else {
        const left = timeout === undefined ? undefined : Math.max(0, deadline - performance.now());
        await this.#alertness.learnFrom(this.#sleep(version, { timeout: left, signal }));
      }
    }
  }

  /** Blocks this thread meanwhile. */
  waitSync(since: number, timeout: number | undefined): number {
    const deadline = performance.now() + (timeout ?? 0);
    for (;;) {
      const version = this.#version();
      if (version > since) return version;
      waitSync(this.#object, newerThan(version), timeout, deadline);
    }
  }

  /** Begins the waits that go on anew: whether they keep the event loop up may have changed. */
  waitAnew(): void {
    for (const end of this.#waits) end(changed);
  }

  async #sleep(version: number, wait: CheckedWait): Promise<void> {
    let ending: EndWait | undefined;
    try {
      await sleepFor(new Want(this.#object, newerThan(version)), {
        ...wait,
        begun: (end) => {
          ending = end;
          this.#waits.add(end);
        },
      });
    } catch (error) {
      if (error !== changed) throw error;
    } finally {
      if (ending !== undefined) this.#waits.delete(ending);
    }
  }
}
