// The other side of an exchange: a process, or a thread of this one.
import { parentPort, workerData } from 'node:worker_threads';
import { exchange, links } from './links.mjs';

const [how, rounds, name, path] = process.argv.slice(2);
const link = await links[how]({ side: 1, name, path, port: parentPort, words: workerData });
// So that it ends with the process that began it.
if (parentPort === null) {
  process.once('disconnect', () => process.exit(1)).channel.ref();
  process.send('ready');
}
await exchange(link, Number(rounds));
link.close();
if (parentPort === null) process.exit();
