// The types of the drop-ins, as ES modules see them.
import mmapIo, { map, PROT_READ } from 'crossmem/mmap-io';
import nodeMmap, { MS_SYNC } from 'crossmem/node-mmap';

const buffer: Buffer = mmapIo.map(
  4096,
  mmapIo.PROT_READ,
  mmapIo.MAP_SHARED,
  3,
  0,
  mmapIo.MADV_RANDOM,
);
const shared: SharedArrayBuffer = map(4096, PROT_READ, 1, 3, 0, 0, { shared: true });
const [absent, present]: [number, number] = mmapIo.incore(buffer);
mmapIo.advise(buffer, 0, 4096, mmapIo.MADV_NORMAL);
mmapIo.sync(buffer, true);
mmapIo.sync(shared, 0, 4096, false, true);
const one: 1 = mmapIo.PROT_READ;

const mapped = nodeMmap(4096, nodeMmap.PROT_READ, nodeMmap.MAP_SHARED, 'file');
const unmapped: boolean = mapped.unmap();
const synced: boolean = nodeMmap.map(4096, 1, 1, 3).sync(0, 4096, MS_SYNC);

// @ts-expect-error: protection is a combination of the three bits
mmapIo.map(4096, 8, 1, 3);
// @ts-expect-error: constants are read-only
mmapIo.PROT_READ = 1;

export { absent, one, present, synced, unmapped };
