// The files that are measured on.
import { closeSync, openSync, writeSync } from 'node:fs';

/** A file of real blocks, in the page cache afterwards. */
export function makeFilledFile(path, size) {
  const chunk = Buffer.alloc(2 ** 20);
  for (let i = 0; i < chunk.length; i++) chunk[i] = (i * 31) % 251;
  const fd = openSync(path, 'w');
  for (let written = 0; written < size; written += chunk.length) writeSync(fd, chunk);
  closeSync(fd);
}
