// `node examples/telemetry.mjs PROGRAM`: reads what a C++ program (telemetry.cc, built with crossmem)
// measures, through a queue in shared memory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Queue, record } from 'crossmem';

const [program, samples = '100000'] = process.argv.slice(2);
const sample = record({ time: 'float64', sensor: 'uint32', value: 'float32' });

const queue = Queue.open(`telemetry-${process.pid}`, { capacity: 1 << 16 });
const producer = spawn(program, [queue.name, samples], { stdio: 'inherit' });
const sensors = new Map();
for await (const message of queue) {
  if (message.length === 0) break;
  const { sensor, value } = sample.decode(message);
  const { count = 0, highest = -Infinity } = sensors.get(sensor) ?? {};
  sensors.set(sensor, { count: count + 1, highest: Math.max(highest, value) });
}
const [code] = producer.exitCode === null ? await once(producer, 'exit') : [producer.exitCode];
for (const [sensor, { count, highest }] of sensors) {
  console.log(`sensor ${sensor}: ${count} samples, the highest ${highest.toFixed(3)}`);
}
queue.close();
process.exitCode = code;
