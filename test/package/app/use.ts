// Types by import, for bundlers.
import { Mutex, Queue } from 'crossmem';
import { map } from 'crossmem/mmap-io';
const queue: Queue<{ n: number }> = Queue.open('x', { capacity: 4096, codec: 'json' });
queue.trySend({ n: 1 });
const mutex: Mutex = Mutex.open('y');
export const held: boolean = mutex.tryLock() !== null;
export { map };
