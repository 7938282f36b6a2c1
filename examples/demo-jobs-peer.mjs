// A process of the fourth scene: does jobs until it is killed.
import { Queue, SharedMemory } from 'crossmem';

const [name] = process.argv.slice(2);
const jobs = Queue.open(name, { codec: 'json' });
const done = new Int32Array(SharedMemory.open(name).arrayBuffer);
process.send('ready');
for (;;) {
  const lease = await jobs.lease();
  // Somebody died who had it in his hands.
  if (lease.redelivered > 0) Atomics.add(done, 0, 1);
  Atomics.add(done, lease.value.job, 1);
  lease.ack();
}
