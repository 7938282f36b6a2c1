// What the drop-ins need of shared memory by name.
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
