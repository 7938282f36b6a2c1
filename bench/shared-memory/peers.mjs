// What shared memory is measured against, where it can be had.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

/** shm-typed-array, or undefined where it could not be built. */
export function loadShmTypedArray() {
  try {
    return createRequire(new URL('../peers/', import.meta.url))('shm-typed-array');
  } catch {
    console.error('shm-typed-array is not built here: its rows are left out');
    return undefined;
  }
}

/** The number that a Python program prints, or undefined where there is no Python. */
export function python(code) {
  const { stdout, status, stderr } = spawnSync('python3', ['-c', code], { encoding: 'utf8' });
  if (status === 0) return Number(stdout);
  console.error(`Python failed, its rows are left out: ${stderr}`);
  return undefined;
}

let names = 0;
export const segmentName = () => `crossmem-bench-${process.pid}-${names++}`;
