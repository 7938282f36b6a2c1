// Doorbell: wakes this thread's event loop by a descriptor that the loop polls: one wake, where the
// waiter thread costs two.
import { Socket } from 'node:net';
import { addon } from './native.js';
import { type EndWait, type Want, waitFor } from './shared-object.js';
import type { CheckedWait } from './wait-options.js';

/**
 * Whoever is to ring may die before it does: so many milliseconds after somebody went to sleep it is
 * looked, and then after twice as long, and so on. A look wakes a processor.
 */
const firstLook = 100;
const longestRest = 1000;
/** All are looked at when it rings: more are left to the waiter thread. */
const mostSleepers = 64;

interface Sleeper {
  wake(): void;
  /** Whether it keeps the event loop up. */
  stays: boolean;
}

class Doorbell {
  readonly #socket: Socket;
  readonly #sleepers = new Set<Sleeper>();
  #timer: NodeJS.Timeout | undefined;
  #staying = 0;

  constructor(fd: number) {
    const onread = { buffer: Buffer.alloc(64), callback: () => this.#ring() };
    // Their type knows `onread` of sockets that connect only.
    this.#socket = new Socket({ fd, readable: true, writable: false, onread } as object);
    this.#socket.on('error', () => this.#break()).unref();
  }

  get takesMore(): boolean {
    return !this.#socket.destroyed && this.#sleepers.size < mostSleepers;
  }

  add(sleeper: Sleeper): void {
    this.#sleepers.add(sleeper);
    if (sleeper.stays && this.#staying++ === 0) this.#socket.ref();
    if (this.#timer === undefined) this.#lookAfter(firstLook);
  }

  remove(sleeper: Sleeper): void {
    if (!this.#sleepers.delete(sleeper)) return;
    if (sleeper.stays && --this.#staying === 0) this.#socket.unref();
    if (this.#sleepers.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #lookAfter(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#lookAfter(Math.min(2 * milliseconds, longestRest));
      if (!addon.allAsleep()) this.#ring();
    }, milliseconds).unref();
  }

  #ring(): boolean {
    for (const sleeper of this.#sleepers) sleeper.wake();
    return true;
  }

  /** It tells nothing any more: the waiter thread takes over. */
  #break(): void {
    this.#socket.destroy();
    this.#ring();
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

/** How a sleep ends before it is rung. */
interface SleepOptions extends CheckedWait {
  /** Told how to end it from outside. */
  begun(end: EndWait): void;
  /** Called by the bell itself, some turns of promises before the sleep ends. */
  rung?: (() => void) | undefined;
}

/**
 * Resolves once what is wanted may be there: by the doorbell if that would tell, by the waiter thread
 * otherwise. Takes nothing. Rejects with the reason that it was ended with, the signal's, or
 * `ERR_CROSSMEM_TIMEOUT`; not before the time is over, but it may resolve then.
 */
export async function sleepFor(want: Want, options: SleepOptions): Promise<void> {
  if (doorbell === undefined) doorbell = open();
  if (doorbell?.takesMore && options.timeout !== 0) {
    const sleep = addon.beginSleep(want.object.id, want.way);
    if (sleep === 0) return;
    if (sleep > 0) return sleepBy(doorbell, sleep, want, options);
  }
  await waitFor([want], false, options);
}

async function sleepBy(
  bell: Doorbell,
  sleep: number,
  { object }: Want,
  { timeout, signal, begun, rung }: SleepOptions,
): Promise<void> {
  const sleeper: Sleeper = { wake: () => {}, stays: object.loopStays };
  let end: EndWait = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    sleeper.wake = () => {
      rung?.();
      resolve();
    };
    end = reject;
  });
  const abort = () => end(signal?.reason);
  // What keeps the event loop up is the sleep.
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(sleeper.wake, Math.min(timeout, 2 ** 31 - 1)).unref();
  signal?.addEventListener('abort', abort, { once: true });
  object.beginWait(end);
  bell.add(sleeper);
  begun(end);
  try {
    await ended;
  } finally {
    bell.remove(sleeper);
    addon.endSleep(sleep);
    object.endWait(end);
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
