// Awaits a message, or nothing but the timer; says how much of a processor it took, in percent.
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'crossmem';

const SETTLED = 500; // milliseconds: what V8 has to do after a start

const [what, name, seconds] = process.argv.slice(2);
const queue = Queue.open(name);
if (what === 'queue') queue.receive().catch(() => {}); // it is closed in the end
await sleep(SETTLED);
const before = process.cpuUsage();
await sleep(seconds * 1000);
const { user, system } = process.cpuUsage(before);
queue.close();
Queue.unlink(name);
process.send(((user + system) / (seconds * 1e6)) * 100, () => process.exit());
