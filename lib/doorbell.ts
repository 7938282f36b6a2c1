// Doorbell: wakes this thread's event loop by a descriptor that the loop polls: one wake, where the
// waiter thread costs two.
import { Socket } from 'node:net';
import { addon } from './native.js';
import type { EndWait, Want } from './shared-object.js';

/** Whoever is to ring may die before it does: so long is a sleep at most, in milliseconds. */
const longest = 100;
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
    this.#timer ??= setInterval(() => this.#ring(), longest).unref();
  }

  remove(sleeper: Sleeper): void {
    if (!this.#sleepers.delete(sleeper)) return;
    if (sleeper.stays && --this.#staying === 0) this.#socket.unref();
    if (this.#sleepers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
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

/**
 * Resolves with true once what is wanted may be there, or with false if it has to be waited for by
 * the waiter thread. Rejects with the reason that the wait is ended with, which `begun` is told how.
 */
export async function sleepByDoorbell(
  { object, way }: Want,
  begun: (end: EndWait) => void,
): Promise<boolean> {
  if (doorbell === undefined) doorbell = open();
  const bell = doorbell;
  if (!bell?.takesMore) return false;
  const sleep = addon.beginSleep(object.id, way);
  if (sleep <= 0) return sleep === 0;
  const sleeper: Sleeper = { wake: () => {}, stays: object.loopStays };
  let end: EndWait = () => {};
  const rung = new Promise<void>((resolve, reject) => {
    sleeper.wake = resolve;
    end = reject;
  });
  object.beginWait(end);
  begun(end);
  bell.add(sleeper);
  try {
    await rung;
    return true;
  } finally {
    bell.remove(sleeper);
    addon.endSleep(sleep);
    object.endWait(end);
  }
}
