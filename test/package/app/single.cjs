// In a single executable `require` knows Node.js's own modules only: crossmem lies beside it.
const { createRequire } = require('node:module');
const { Queue } = createRequire(process.execPath)('crossmem');
const queue = Queue.open(`single-${process.pid}`, { capacity: 4096, codec: 'json' });
queue.sendSync({ hello: 'one file' });
console.log(JSON.stringify(queue.tryReceive()));
queue.close();
