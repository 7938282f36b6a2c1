// Mapped files against what a user would pick instead.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareCore } from '../core.mjs';
import { compareCopies } from './copies.mjs';
import { makeFilledFile } from './files.mjs';
import { compareOpening } from './opening.mjs';
import { comparePopulations } from './processes.mjs';
import { compareScans } from './scans.mjs';

export async function measure({ quick }) {
  const directory = mkdtempSync(join(tmpdir(), 'crossmem-bench-'));
  try {
    const size = quick ? 2 ** 27 : 2 ** 30;
    const rounds = quick ? 3 : 5;
    const path = join(directory, 'large');
    makeFilledFile(path, size);
    return [
      ...(await compareScans(path, size, rounds)),
      ...(await compareCopies(path, size, rounds)),
      ...(await compareOpening(directory, rounds)),
      ...(await comparePopulations(path, size)),
      ...compareCore(quick),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
