// What the drop-ins need of shared memory by name.
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SharedMemory, type SharedMemoryCreateOptions } from '../index.js';

/** Exactly `size` bytes of the segment; an existing one is neither cut nor made longer. */
export function openSegment(name: string, options: SharedMemoryCreateOptions): SharedMemory {
  const found = SharedMemory.openOrCreate(name, options);
  if (found.size === options.size) return found;
  try {
    return SharedMemory.open(name, { size: options.size });
  } finally {
    found.close();
  }
}

/**
 * What is to be locked for a segment: itself; or a file of its name, where memory is no file (on
 * Windows).
 */
export function lockTarget(memory: SharedMemory): number | string {
  if (memory.fd >= 0) return memory.fd;
  const name = createHash('sha256').update(String(memory.name)).digest('hex');
  return join(tmpdir(), `crossmem-${name}.lock`);
}
