// Line: those who wait for one side of a queue, in the order in which they came.
import { Alertness } from './alertness.js';
import { sleepFor } from './doorbell.js';
import { timedOut } from './errors.js';
import { type EndWait, type SharedObject, Want } from './shared-object.js';
import type { CheckedWait } from './wait-options.js';

interface Entry {
  /** True once it has got what it wants. */
  attempt(): boolean;
  /** How the object is to be waited for meanwhile. */
  way(): number;
  resolve(): void;
  reject(reason: unknown): void;
}

/** Milliseconds; Node.js takes what is longer for 1. */
const longestTimer = 2 ** 31 - 1;

/** The next turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Ends a wait because something else is waited for now. */
const changed = Symbol('changed');

export class Line {
  readonly #object: SharedObject;
  readonly #entries: Entry[] = [];
  #isRunning = false;
  readonly #alertness = new Alertness();
  #endWait: EndWait | undefined;

  constructor(object: SharedObject) {
    this.#object = object;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Resolves once `attempt` has returned true; meanwhile waits for `way` of the object. */
  join(attempt: () => boolean, way: () => number, { timeout, signal }: CheckedWait): Promise<void> {
    const { promise, entry } = makeEntry(attempt, way);
    const leave = (reason: unknown) => {
      this.#remove(entry);
      entry.reject(reason);
    };
    const abort = () => leave(signal?.reason);
    const { name } = this.#object;
    const what = this.#object.constructor.name;
    let timer: NodeJS.Timeout | undefined;
    const setTimer = (left: number) => {
      const now = Math.min(left, longestTimer);
      const over = () => leave(timedOut(what, timeout ?? 0, name));
      // What keeps the event loop up is the wait.
      timer = setTimeout(left > now ? () => setTimer(left - now) : over, now).unref();
    };
    if (timeout !== undefined) setTimer(timeout);
    signal?.addEventListener('abort', abort, { once: true });
    this.#entries.push(entry);
    if (!this.#isRunning) this.#run();
    return promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    });
  }

  /** Serves those who can be. */
  advance(): void {
    while (this.#tryFirst());
  }

  /** Begins the wait that goes on anew: whether it keeps the event loop up may have changed. */
  waitAnew(): void {
    this.#endWait?.(changed);
  }

  /** Something has come: more may. */
  stayAwake(): void {
    this.#alertness.renew();
  }

  #remove(entry: Entry): void {
    const index = this.#entries.indexOf(entry);
    if (index < 0) return;
    this.#entries.splice(index, 1);
    if (index === 0) this.#endWait?.(changed);
  }

  /** False if nobody is there, or the first has not got it. */
  #tryFirst(): boolean {
    const [first] = this.#entries;
    if (first === undefined) return false;
    try {
      if (!first.attempt()) return false;
      this.stayAwake();
      this.#entries.shift();
      first.resolve();
    } catch (error) {
      this.#entries.shift();
      first.reject(error);
    }
    return true;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (;;) {
      if (this.#tryFirst()) continue;
      const [first] = this.#entries;
      if (first === undefined) break;
      if (this.#alertness.isAwake()) await nextTurn();
      else await this.#alertness.learnFrom(this.#sleep(first));
    }
    this.#isRunning = false;
  }

  async #sleep(first: Entry): Promise<void> {
    const want = new Want(this.#object, first.way());
    const begun = (end: EndWait) => {
      this.#endWait = end;
    };
    try {
      const rung = () => this.advance();
      await sleepFor(want, { timeout: undefined, signal: undefined, begun, rung });
    } catch (error) {
      if (error === changed) return;
      for (const entry of this.#entries.splice(0)) entry.reject(error);
    } finally {
      this.#endWait = undefined;
    }
  }
}

function makeEntry(
  attempt: () => boolean,
  way: () => number,
): { promise: Promise<void>; entry: Entry } {
  let entry: Entry | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    entry = { attempt, way, resolve, reject };
  });
  return { promise, entry: entry as Entry };
}
