// Imports the package and a drop-in, sends a message to itself and prints it.
import { Queue } from 'crossmem';
import { map } from 'crossmem/mmap-io';
const queue = Queue.open(`bundled-${process.pid}`, { capacity: 4096, codec: 'json' });
await queue.send({ hello: typeof map });
console.log(JSON.stringify(await queue.receive()));
queue.close();
