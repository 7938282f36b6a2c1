// Small pieces from anywhere in a large file.
import { closeSync, openSync, readSync } from 'node:fs';
import { MappedFile } from 'crossmem';
import { interleave } from '../interleave.mjs';
import { faster } from '../report.mjs';

const PIECE = 4096;
const READS = 200000;

export async function compareCopies(path, size, rounds) {
  const offsets = new Float64Array(65536);
  for (let i = 0; i < offsets.length; i++) {
    offsets[i] = Math.floor((((i * 2654435761) % 2 ** 32) / 2 ** 32) * (size / PIECE)) * PIECE;
  }
  const each = (one) => () => {
    for (let i = 0; i < READS; i++) one(offsets[i & 65535]);
  };
  const fd = openSync(path);
  const file = MappedFile.open(path, { advise: 'random' });
  await file.prefetch();
  const { buffer } = file;
  const target = Buffer.alloc(PIECE);
  const times = await interleave(
    {
      read: each((offset) => file.read(target, { offset })),
      readSync: each((offset) => readSync(fd, target, 0, PIECE, offset)),
      copy: each((offset) => buffer.copy(target, 0, offset, offset + PIECE)),
      touch: each((offset) => buffer[offset]),
    },
    rounds,
  );
  file.close();
  closeSync(fd);
  const microseconds = (name) => (times[name] / READS) * 1000;
  const row = (what, name, target_) =>
    faster(what, 'us', microseconds(name), 'fs.readSync', microseconds('readSync'), target_);
  return [
    row('random 4 KiB, mapping.read', 'read', 2),
    row('random 4 KiB, copy from the view', 'copy'),
    row('random 4 KiB, one byte in place', 'touch'),
  ];
}
