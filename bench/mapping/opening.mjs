// Opening a small file, and letting it go again. Each contender runs in processes of its own: what
// mmap-io leaves mapped would slow the others down.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from '../interleave.mjs';
import { loadPeer } from '../load-peer.mjs';
import { atMost } from '../report.mjs';

const opener = fileURLToPath(new URL('opener.mjs', import.meta.url));

function microseconds(path, how) {
  const { stdout, status } = spawnSync(process.execPath, [opener, path, how], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the process that opens by ${how} failed`);
  return Number(stdout);
}

export async function compareOpening(directory, rounds) {
  if (!loadPeer('@riaskov/mmap-io')) return [];
  const path = join(directory, 'small');
  writeFileSync(path, Buffer.alloc(4096));
  const times = { open: [], buffer: [], mmapIo: [], mmapIoKnown: [] };
  for (let round = 0; round < rounds * 2; round++) {
    for (const how of Object.keys(times)) times[how].push(microseconds(path, how));
  }
  const row = (what, ours, against, theirs) =>
    atMost(what, 'us', median(times[ours]), against, median(times[theirs]), 1);
  return [
    row('open + close of 4 KiB', 'open', 'mmap-io: open, fstat, map, no unmap', 'mmapIo'),
    row(
      'open + buffer + close of 4 KiB',
      'buffer',
      'mmap-io: open, fstat, map, no unmap',
      'mmapIo',
    ),
    row('open + close of 4 KiB', 'open', 'mmap-io told the size, no unmap', 'mmapIoKnown'),
  ];
}
