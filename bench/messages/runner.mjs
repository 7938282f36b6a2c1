// One side of a contender, in a process of its own: what V8 has learnt of one must not be in the way
// of another. It has the other side started, and answers each task with its figures.
import { fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { script } from '../locks/helpers.mjs';
import { exchange, exchangeSync } from './exchange.mjs';
import { links } from './links/index.mjs';
import { makeReader } from './payload.mjs';

const [how] = process.argv.slice(2);

function startPartner() {
  const path = script(new URL('partner.mjs', import.meta.url));
  if (how === 'worker') return new Worker(path, { argv: [how] });
  return fork(path, [how], { serialization: how === 'advanced' ? 'advanced' : 'json' });
}

const partner = startPartner();
partner.once('exit', (code) => process.exit(code === 0 ? 0 : 1));
const tell = (control) =>
  how === 'worker' ? partner.postMessage({ control }) : partner.send({ control });

/** Resolves when the partner says so. */
const told = (what) =>
  new Promise((resolve) => {
    partner.on('message', function listener({ control }) {
      if (control !== what) return;
      partner.off('message', listener);
      resolve();
    });
  });

/** Milliseconds for so many messages, those before that do not count left out. */
async function stream(link, { size, warm, times }) {
  const reader = makeReader(size);
  const { read, check } = reader;
  await link.drain(read, warm, reader);
  const begin = performance.now();
  await link.drain(read, times, reader);
  const took = performance.now() - begin;
  check();
  return took;
}

const kinds = { stream, trips: exchange, spin: exchangeSync };

async function run(task) {
  const link = await links[how]({ ...task, side: 0, port: partner });
  // Whoever blocks his thread hears nothing any more.
  const ready = told('ready');
  const done = told('done');
  tell(task);
  await ready;
  await link.whenReady?.();
  const figures = await kinds[task.kind](link, task);
  await done;
  // What is still on its way may be lost otherwise.
  const closed = told('closed');
  tell('close');
  await closed;
  await link.close();
  process.send(figures);
}

process.on('message', (task) => (task === 'end' ? tell(task) : run(task)));
process.once('disconnect', () => process.exit(1));
process.send('ready');
