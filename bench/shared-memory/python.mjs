// What the measurements of shared memory have in common: names, and Python's figures.
import { spawnSync } from 'node:child_process';

/** The number that a Python program prints, or undefined where there is no Python. */
export function python(code) {
  const { stdout, status, stderr } = spawnSync('python3', ['-c', code], { encoding: 'utf8' });
  if (status === 0) return Number(stdout);
  console.error(`Python failed, its rows are left out: ${stderr}`);
  return undefined;
}

let names = 0;
export const segmentName = () => `crossmem-bench-${process.pid}-${names++}`;
