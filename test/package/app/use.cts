// Types by require, for CommonJS.
import { Queue } from 'crossmem';
import mmapIo = require('crossmem/mmap-io');
export const queue = Queue.open('x', { capacity: 4096 });
export const size: number = mmapIo.PAGESIZE;
