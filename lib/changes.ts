// Changes: those who wait for something newer than what they know.
import { Alertness } from './alertness.js';
import { Line, missed, nextTurn } from './line.js';
import { waitSync } from './outbox.js';
import type { SharedObject } from './shared-object.js';
import type { CheckedWait } from './wait-options.js';

/** How many changes are told before the event loop has its turn. */
const burst = 512;
/** Beside a version, modulo this: what is newer is waited for. */
const newerFlag = 2 ** 31;

/** How an object is waited for that has a newer version than this. */
export const newerThan = (version: number): number => newerFlag + (version % newerFlag);

export class Changes {
  readonly #object: SharedObject;
  readonly #version: () => number;
  readonly #lines = new Set<Line>();
  readonly #alertness = new Alertness();
  #told = 0;

  /** `version` throws once the object is closed. */
  constructor(object: SharedObject, version: () => number) {
    this.#object = object;
    this.#version = version;
  }

  /** Resolves with a version that is newer than this one. */
  async wait(since: number, wait: CheckedWait): Promise<number> {
    wait.signal?.throwIfAborted();
    let version = this.#version();
    if (version > since) {
      this.#alertness.renew();
      this.#told = (this.#told + 1) % burst;
      // Whoever only ever awaits what is there would keep the event loop out.
      if (this.#told === 0) await nextTurn();
      return version;
    }
    const attempt = () => {
      version = this.#version();
      return version > since ? version : missed;
    };
    // Each waits for something else.
    const line = new Line(this.#object, this.#alertness);
    this.#lines.add(line);
    try {
      return await line.join(attempt, () => newerThan(version), wait);
    } finally {
      this.#lines.delete(line);
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
    for (const line of this.#lines) line.waitAnew();
  }
}
