// One process lets go what the other awaits: how soon its promise is resolved. Half of there and
// back, as nothing is said about whose clock is right.
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { median } from '../interleave.mjs';
import { atMost } from '../report.mjs';
import { segmentName } from '../shared-memory/python.mjs';
import { answer, end, script, start } from './helpers.mjs';
import { exchange, links } from './links.mjs';

const ROUNDS = 2000;
const WARM_UP = 500;

async function betweenProcesses(how) {
  const name = segmentName();
  const path = join(tmpdir(), name);
  const link = await links[how]({ side: 0, name, path });
  try {
    const child = start('partner.mjs', [how, ROUNDS, name, path]);
    // Before it is there nothing alternates.
    await answer(child);
    const [times] = await Promise.all([exchange(link, ROUNDS), end(child)]);
    return times;
  } finally {
    link.close();
  }
}

async function betweenThreads(how) {
  const words = new Int32Array(new SharedArrayBuffer(4));
  words[0] = 1;
  const worker = new Worker(script('partner.mjs'), { argv: [how, ROUNDS], workerData: words });
  const ended = once(worker, 'exit');
  const link = await links[how]({ side: 0, port: worker, words });
  const [times] = await Promise.all([exchange(link, ROUNDS), ended]);
  return times;
}

const ways = {
  mutex: betweenProcesses,
  pipe: betweenProcesses,
  socket: betweenProcesses,
  ...(Atomics.waitAsync && { word: betweenThreads }),
  message: betweenThreads,
};

/** What the target is of: a futex that wakes, then a promise. */
const BARE = 'word';

const shown = {
  pipe: "pipe read by a thread of libuv's, then a promise",
  socket: 'unix socket (net), round trip / 2',
  word: 'Atomics.waitAsync, threads of one process',
  message: 'postMessage, threads of one process, round trip / 2',
};

export async function compareHandingOver(rounds) {
  const times = Object.fromEntries(Object.keys(ways).map((how) => [how, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [how, measure] of Object.entries(ways)) {
      times[how].push(...(await measure(how)).slice(WARM_UP));
    }
  }
  const { mutex, ...others } = times;
  return Object.entries(others).map(([how, all]) =>
    atMost(
      'release to await lock() there, p50',
      'us',
      median(mutex),
      shown[how],
      median(all),
      how === BARE ? 3 : undefined,
    ),
  );
}
