// The types of the drop-ins, as CommonJS sees them.
import mmapIo = require('crossmem/mmap-io');
import MmapIpc = require('crossmem/mmap-ipc');
import filemap = require('crossmem/node-filemap');
import nodeMmap = require('crossmem/node-mmap');
import SharedMemory = require('crossmem/shared_memory');

const buffer: Buffer = mmapIo.map(4096, mmapIo.PROT_READ, mmapIo.MAP_SHARED, 3);
const other: Buffer = nodeMmap(4096, nodeMmap.PROT_READ, nodeMmap.MAP_SHARED, 3);

const item: Buffer = new MmapIpc('name', 10, false).buffer();
const memory: SharedMemory = new SharedMemory.default('name', 10);

const mapping = new filemap.FileMapping();
mapping.createMapping(null, 'name', 5);
mapping.writeBuffer(new Uint8Array(5), 0, 0, 5);
mapping.readInto(0, 5, new DataView(new ArrayBuffer(5)));
// @ts-expect-error: text has no bytes
mapping.writeBuffer('text', 0, 0, 4);
const waited: number = new filemap.Mutex().wait(filemap.INFINITE);

export = { buffer, item, waited, memory, other };
