// The other side of a contender: a process, or a thread, that sends, or sends back what it gets.
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { links } from './links/index.mjs';
import { makeReader, makeWriter } from './payload.mjs';

const [how] = process.argv.slice(2);
const port = parentPort ?? process;
const tell = (control) => (parentPort ?? process)[parentPort ? 'postMessage' : 'send']({ control });

const kinds = {
  stream: (link, { warm, times }, writer) => link.pump(writer, warm + times),
  async trips(link, { warm, times }, { write }, { read }) {
    for (let i = 0; i < warm + times; i++) {
      read(await link.receive());
      await link.send(write(i));
    }
  },
  spin(link, { warm, times }, { write }, { read }) {
    for (let i = 0; i < warm + times; i++) {
      const message = link.receiveSync();
      if (message !== undefined) read(message);
      link.sendSync(message && write(i));
    }
  },
};

let close;

async function run(task) {
  const link = await links[how]({ ...task, side: 1, port });
  await link.whenReady?.();
  tell('ready');
  // The other side blocks, if it does, from now on.
  await sleep(5);
  await kinds[task.kind](link, task, makeWriter(task.size), makeReader(task.size));
  close = async () => {
    await link.close();
    tell('closed');
  };
  tell('done');
}

port.on('message', ({ control }) => {
  if (control === 'end') process.exit();
  else if (control === 'close') close();
  else if (control !== undefined) run(control);
});
if (parentPort === null) process.once('disconnect', () => process.exit());
