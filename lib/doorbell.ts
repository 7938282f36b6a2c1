// Doorbell: wakes this thread's event loop by a descriptor that the loop polls: one wake, where the
// waiter thread costs two.
import { Socket } from 'node:net';
import { addon } from './native.js';
import { type EndWait, type SharedObject, type Want, waitFor } from './shared-object.js';

/**
 * Whoever is to ring may die before it does: so many milliseconds after somebody went to sleep it is
 * looked, and then after twice as long, and so on. A look wakes a processor.
 */
const firstLook = 100;
const longestRest = 1000;
/** All are looked at when it rings: more are left to the waiter thread. */
const mostSleepers = 64;

/** What goes on until {@link sleepFor} has called back, and longer, until it is ended. */
export interface Sleep {
  /** Once, also after it has called back. */
  end(): void;
}

/** Told that what was wanted may be there, or an error: that it never will. */
export type Wake = (error?: { reason: unknown }) => void;

class Doorbell {
  readonly #socket: Socket;
  readonly #sleepers: BellSleep[] = [];
  #timer: NodeJS.Timeout | undefined;
  #rest = firstLook;
  #staying = 0;

  constructor(fd: number) {
    const onread = { buffer: Buffer.alloc(64), callback: () => this.#ring() };
    // Their type knows `onread` of sockets that connect only.
    this.#socket = new Socket({ fd, readable: true, writable: false, onread } as object);
    this.#socket.on('error', () => this.#break()).unref();
  }

  get takesMore(): boolean {
    return !this.#socket.destroyed && this.#sleepers.length < mostSleepers;
  }

  add(sleep: BellSleep): void {
    this.#sleepers.push(sleep);
    if (sleep.stays && this.#staying++ === 0) this.#socket.ref();
    // A timer that looks soon enough is left alone.
    if (this.#timer === undefined || this.#rest > firstLook) this.#lookAfter(firstLook);
  }

  remove(sleep: BellSleep): void {
    const index = this.#sleepers.indexOf(sleep);
    if (index < 0) return;
    this.#sleepers.splice(index, 1);
    if (sleep.stays && --this.#staying === 0) this.#socket.unref();
  }

  /** Until nobody sleeps any more: to stop it whenever nobody does costs more than a look in vain. */
  #lookAfter(rest: number): void {
    clearTimeout(this.#timer);
    this.#rest = rest;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#sleepers.length === 0) return;
      // Before the bell: who falls asleep again has it begin anew.
      this.#lookAfter(Math.min(2 * rest, longestRest));
      if (!addon.allAsleep()) this.#ring();
    }, rest).unref();
  }

  #ring(): boolean {
    const sleepers = this.#sleepers;
    // Mostly there is one, and each call after a silence takes microseconds.
    if (sleepers.length === 1) sleepers[0]?.wake();
    // Those who fall asleep again meanwhile are not woken twice.
    else for (const sleep of sleepers.slice()) sleep.wake();
    return true;
  }

  /** It tells nothing any more: the waiter thread takes over. */
  #break(): void {
    this.#socket.destroy();
    this.#ring();
  }
}

/** Until the bell has rung. */
class BellSleep implements Sleep {
  readonly #bell: Doorbell;
  readonly #number: number;
  readonly #object: SharedObject;
  readonly #end: EndWait;
  /** Whether it keeps the event loop up. */
  readonly stays: boolean;
  readonly wake: () => void;

  constructor(bell: Doorbell, number: number, object: SharedObject, wake: Wake) {
    this.#bell = bell;
    this.#number = number;
    this.#object = object;
    this.#end = (reason) => wake({ reason });
    this.wake = () => wake();
    this.stays = object.loopStays;
    object.beginWait(this.#end);
    bell.add(this);
  }

  end(): void {
    this.#bell.remove(this);
    addon.endSleep(this.#number);
    this.#object.endWait(this.#end);
  }
}

/** Until the waiter thread has told. */
class ThreadSleep implements Sleep {
  #end: EndWait | undefined;

  constructor(want: Want, wake: Wake) {
    const begun = (end: EndWait) => {
      this.#end = end;
    };
    waitFor([want], false, { timeout: undefined, signal: undefined, begun }).then(
      () => this.#tell(wake),
      (reason) => this.#tell(wake, { reason }),
    );
  }

  end(): void {
    const end = this.#end;
    this.#end = undefined;
    end?.(undefined);
  }

  #tell(wake: Wake, error?: { reason: unknown }): void {
    if (this.#end === undefined) return;
    this.#end = undefined;
    wake(error);
  }
}

/** Undefined until it is asked for, null where there is none. */
let doorbell: Doorbell | null | undefined;

function open(): Doorbell | null {
  // They have the class, but no sockets over any descriptor.
  if ('bun' in process.versions || 'deno' in process.versions) return null;
  try {
    const fd = addon.openDoorbell();
    return fd === undefined ? null : new Doorbell(fd);
  } catch {
    return null;
  }
}

/**
 * Calls `wake` once what is wanted may be there: by the doorbell if that would tell, by the waiter
 * thread otherwise. Takes nothing. Undefined if it may be there by now; `wake` is not called then.
 */
export function sleepFor(want: Want, wake: Wake): Sleep | undefined {
  if (doorbell === undefined) doorbell = open();
  if (doorbell?.takesMore) {
    const sleep = addon.beginSleep(want.object.id, want.way);
    if (sleep === 0) return undefined;
    if (sleep > 0) return new BellSleep(doorbell, sleep, want.object, wake);
  }
  return new ThreadSleep(want, wake);
}
