// The files that are measured on, and the module that we are measured against.
import { closeSync, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

/** A file of real blocks, in the page cache afterwards. */
export function makeFilledFile(path, size) {
  const chunk = Buffer.alloc(2 ** 20);
  for (let i = 0; i < chunk.length; i++) chunk[i] = (i * 31) % 251;
  const fd = openSync(path, 'w');
  for (let written = 0; written < size; written += chunk.length) writeSync(fd, chunk);
  closeSync(fd);
}

/** @riaskov/mmap-io, or undefined where it could not be built. */
export function loadMmapIo() {
  try {
    return createRequire(new URL('../peers/', import.meta.url))('@riaskov/mmap-io');
  } catch {
    console.error('@riaskov/mmap-io is not built here: its rows are left out');
    return undefined;
  }
}
