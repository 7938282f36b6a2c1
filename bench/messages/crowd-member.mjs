// One of several who send, or receive, for a while; says how many messages it had.
import { Queue } from 'crossmem';
import { makeReader, makeWriter } from './payload.mjs';

const SIZE = 64;
const BATCH = 64; // the clock costs more than a message

const [role, name, milliseconds] = process.argv.slice(2);
const queue = Queue.open(name);
let times = 0;

async function send(until) {
  const { write } = makeWriter(SIZE);
  while (performance.now() < until) {
    for (let i = 0; i < BATCH; i++) {
      const message = write(times);
      if (!queue.trySend(message)) await queue.send(message);
      times++;
    }
  }
}

async function receive(until) {
  const { read } = makeReader(SIZE);
  while (performance.now() < until) {
    const messages = queue.tryReceiveMany(BATCH);
    if (messages.length === 0) messages.push(await queue.receive());
    for (const message of messages) read(message);
    times += messages.length;
  }
}

process.once('message', async () => {
  const until = performance.now() + Number(milliseconds);
  // Whoever waits by then waits for those who have ended.
  const over = new Promise((resolve) => setTimeout(resolve, Number(milliseconds)));
  await Promise.race([(role === 'send' ? send : receive)(until), over]);
  process.send(times, () => process.exit());
});
process.send('ready');
