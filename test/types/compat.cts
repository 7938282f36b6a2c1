// The types of the drop-ins, as CommonJS sees them.
import mmapIo = require('crossmem/mmap-io');
import nodeMmap = require('crossmem/node-mmap');

const buffer: Buffer = mmapIo.map(4096, mmapIo.PROT_READ, mmapIo.MAP_SHARED, 3);
const other: Buffer = nodeMmap(4096, nodeMmap.PROT_READ, nodeMmap.MAP_SHARED, 3);

export = { buffer, other };
