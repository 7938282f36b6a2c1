// Line: those who wait for one side of a queue, in the order in which they came.
import { Alertness } from './alertness.js';
import { type Sleep, sleepFor } from './doorbell.js';
import { timedOut } from './errors.js';
import { type SharedObject, Want } from './shared-object.js';
import type { CheckedWait } from './wait-options.js';

/** What an attempt returns that was in vain. */
export const missed = Symbol('missed');

/** One who waits. */
interface Entry {
  /** What it wants, or {@link missed}. */
  attempt(): unknown;
  /** How the object is to be waited for meanwhile. */
  way(): number;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  /** Nothing ends it from outside any more. */
  settle?(): void;
}

/** Milliseconds; Node.js takes what is longer for 1. */
const longestTimer = 2 ** 31 - 1;

const resolved = Promise.resolve();

/** The next turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Line {
  readonly #object: SharedObject;
  readonly #entries: Entry[] = [];
  readonly #alertness: Alertness;
  /** The next turn of the event loop is a look. */
  #isLooking = false;
  #sleep: Sleep | undefined;
  #sleepsFor: number | undefined;
  /** One that is over, and not ended yet. */
  #past: Sleep | undefined;

  constructor(object: SharedObject, alertness = new Alertness()) {
    this.#object = object;
    this.#alertness = alertness;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** What the first of them waits for. */
  get way(): number | undefined {
    return this.#entries[0]?.way();
  }

  /** Resolves with what `attempt` gets; meanwhile waits for `way` of the object. */
  join<T>(attempt: () => T | typeof missed, way: () => number, wait: CheckedWait): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const entry: Entry = { attempt, way, resolve: resolve as (value: unknown) => void, reject };
      if (wait.timeout !== undefined || wait.signal !== undefined) this.#limit(entry, wait);
      this.#entries.push(entry);
      if (this.#entries.length === 1) this.#rest();
    });
  }

  /** Serves those who can be. */
  advance(): void {
    while (this.#tryFirst());
    if (this.isEmpty && this.#sleep !== undefined) this.#endSleep();
  }

  /** Begins the sleep that goes on anew: whether it keeps the event loop up may have changed. */
  waitAnew(): void {
    if (this.#sleep === undefined) return;
    this.#endSleep();
    this.#go();
  }

  /** Something has come: more may. */
  stayAwake(): void {
    this.#alertness.renew();
  }

  #limit(entry: Entry, { timeout, signal }: CheckedWait): void {
    let timer: NodeJS.Timeout | undefined;
    const abort = () => this.#leave(entry, signal?.reason);
    const setTimer = (left: number) => {
      const now = Math.min(left, longestTimer);
      const object = this.#object;
      const over = () =>
        this.#leave(entry, timedOut(object.constructor.name, timeout ?? 0, object.name));
      // What keeps the event loop up is the sleep.
      timer = setTimeout(left > now ? () => setTimer(left - now) : over, now).unref();
    };
    if (timeout !== undefined) setTimer(timeout);
    signal?.addEventListener('abort', abort, { once: true });
    entry.settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
  }

  #leave(entry: Entry, reason: unknown): void {
    this.#remove(entry);
    entry.reject(reason);
    // The next one may want something else. It keeps its turn among other objects if it does not.
    if (this.way !== this.#sleepsFor) this.waitAnew();
  }

  #remove(entry: Entry): void {
    const entries = this.#entries;
    const index = entries.indexOf(entry);
    if (index === 0) entries.shift();
    else if (index > 0) entries.splice(index, 1);
    entry.settle?.();
  }

  /** False if nobody is there, or the first has not got it. */
  #tryFirst(): boolean {
    const first = this.#entries[0];
    if (first === undefined) return false;
    try {
      const value = first.attempt();
      if (value === missed) return false;
      this.#alertness.renew();
      this.#remove(first);
      first.resolve(value);
    } catch (error) {
      this.#remove(first);
      first.reject(error);
    }
    return true;
  }

  #go(): void {
    this.advance();
    this.#rest();
  }

  /** For the first one it looks again in the next turn, or sleeps. */
  #rest(): void {
    try {
      const first = this.#entries[0];
      if (first === undefined || this.#isLooking || this.#sleep !== undefined) return;
      if (!this.#alertness.isAwake()) {
        this.#endSleep();
        this.#sleepsFor = first.way();
        this.#sleep = sleepFor(new Want(this.#object, this.#sleepsFor), this.#wake);
        if (this.#sleep !== undefined) return;
      }
      this.#isLooking = true;
      setImmediate(this.#look);
    } catch (error) {
      this.#end(error);
    }
  }

  readonly #look = (): void => {
    this.#isLooking = false;
    this.#go();
  };

  readonly #wake = (error?: { reason: unknown }): void => {
    this.#past = this.#sleep ?? this.#past;
    this.#sleep = undefined;
    if (error !== undefined) {
      this.#end(error.reason);
      return;
    }
    this.#alertness.wake();
    this.#go();
    // Whoever got something goes first, two turns of promises away: to end a sleep takes as long.
    resolved.then(() => resolved.then(this.#settle));
  };

  readonly #settle = (): void => {
    this.#alertness.settle();
    this.#endPast();
  };

  #endPast(): void {
    this.#past?.end();
    this.#past = undefined;
  }

  #endSleep(): void {
    this.#endPast();
    this.#sleep?.end();
    this.#sleep = undefined;
  }

  /** Nothing comes any more. */
  #end(reason: unknown): void {
    this.#endSleep();
    for (const entry of this.#entries.splice(0)) {
      entry.settle?.();
      entry.reject(reason);
    }
  }
}
