// The types of the drop-ins, as ES modules see them.

import mmapIo, { map, PROT_READ } from 'crossmem/mmap-io';
import MmapIpc from 'crossmem/mmap-ipc';
import nodeMmap, { MS_SYNC } from 'crossmem/node-mmap';
import SharedMemory from 'crossmem/shared_memory';

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

const item: Buffer = new MmapIpc('name', 10, false).buffer();
const locked: boolean = MmapIpc.CreateNewItem('name', 10).acquireWriteLock();
const text: string = new SharedMemory('name', 10, false, false).data;
const id: string = SharedMemory.generateId();

// @ts-expect-error: properties are read-only
new SharedMemory('name', 10).size = 5;
// @ts-expect-error: protection is a combination of the three bits
mmapIo.map(4096, 8, 1, 3);
// @ts-expect-error: constants are read-only
mmapIo.PROT_READ = 1;

export { absent, id, item, locked, one, present, synced, text, unmapped };
