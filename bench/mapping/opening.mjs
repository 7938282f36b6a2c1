// Opening a small file, and letting it go again.
import { closeSync, fstatSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MappedFile } from 'crossmem';
import { interleave } from '../interleave.mjs';
import { atMost } from '../report.mjs';
import { loadMmapIo } from './files.mjs';

// mmap-io never unmaps by itself: more rounds of more would end in vm.max_map_count (65,530).
const OPENS = 4000;

export async function compareOpening(directory, rounds) {
  const path = join(directory, 'small');
  writeFileSync(path, Buffer.alloc(4096));
  const each = (one) => () => {
    for (let i = 0; i < OPENS; i++) one();
  };
  const mmapIo = loadMmapIo();
  if (!mmapIo) return [];
  const { PROT_READ, MAP_SHARED } = mmapIo;
  const times = await interleave(
    {
      open: each(() => MappedFile.open(path).close()),
      buffer: each(() => {
        const file = MappedFile.open(path);
        file.buffer;
        file.close();
      }),
      // It has to be told the size, so its user asks for it.
      mmapIo: each(() => {
        const fd = openSync(path);
        mmapIo.map(fstatSync(fd).size, PROT_READ, MAP_SHARED, fd);
        closeSync(fd);
      }),
      mmapIoKnown: each(() => {
        const fd = openSync(path);
        mmapIo.map(4096, PROT_READ, MAP_SHARED, fd);
        closeSync(fd);
      }),
    },
    rounds,
  );
  const microseconds = (name) => (times[name] / OPENS) * 1000;
  const against = 'mmap-io: open, fstat, map, never unmapped';
  const row = (what, ours, name, theirs, limit) =>
    atMost(what, 'us', microseconds(ours), name, microseconds(theirs), limit);
  return [
    row('open + close of 4 KiB', 'open', against, 'mmapIo', 1),
    row('open + buffer + close of 4 KiB', 'buffer', against, 'mmapIo', 1),
    row('open + close of 4 KiB', 'open', 'mmap-io told the size, never unmapped', 'mmapIoKnown', 1),
  ];
}
