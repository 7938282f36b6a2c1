// flock(2) on a descriptor as mmap-ipc locks with it: two calls into an addon, one system call each.
import { FileLock } from 'crossmem';
import { loadPeer } from '../load-peer.mjs';

/** Whose flock a process that was told so is to call: fs-ext's, or crossmem's where it is missing. */
export const flockBy = () => (loadPeer('fs-ext') ? 'fs-ext' : "crossmem's FileLock");

export function makeFlock(by, fd) {
  if (by === 'fs-ext') {
    const { flockSync } = loadPeer('fs-ext');
    return { lock: () => flockSync(fd, 'ex'), unlock: () => flockSync(fd, 'un') };
  }
  const whole = { flock: true };
  let held;
  return {
    lock() {
      held = FileLock.lockSync(fd, whole);
    },
    unlock: () => held.release(),
  };
}
