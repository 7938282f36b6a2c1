// Opens one small file many times in one of the ways that are compared; prints microseconds each.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { MappedFile } from 'crossmem';
import { loadPeer } from '../load-peer.mjs';

// mmap-io never unmaps by itself: some ten times more would end in vm.max_map_count (65,530).
const OPENS = 6000;
const [path, how] = process.argv.slice(2);

const mmapIo = loadPeer('@riaskov/mmap-io');
const { PROT_READ, MAP_SHARED } = mmapIo;

const ways = {
  open: () => MappedFile.open(path).close(),
  buffer: () => {
    const file = MappedFile.open(path);
    file.buffer;
    file.close();
  },
  // It has to be told the size, so its user asks for it.
  mmapIo: () => {
    const fd = openSync(path);
    mmapIo.map(fstatSync(fd).size, PROT_READ, MAP_SHARED, fd);
    closeSync(fd);
  },
  mmapIoKnown: () => {
    const fd = openSync(path);
    mmapIo.map(4096, PROT_READ, MAP_SHARED, fd);
    closeSync(fd);
  },
};

const open = ways[how];
for (let i = 0; i < OPENS; i++) open();
const begin = performance.now();
for (let i = 0; i < OPENS; i++) open();
console.log(((performance.now() - begin) * 1000) / OPENS);
