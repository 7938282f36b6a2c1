// From the death of the process that holds a mutex to the promise of the one that waits for it.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Mutex } from 'crossmem';
import { segmentName } from '../shared-memory/python.mjs';
import { answer, start } from './helpers.mjs';

const LIMIT = 10; // milliseconds
const SETTLED = 20; // by then the wait sleeps, as all that last do

async function recover(mutex, name) {
  const child = start('holder.mjs', [name]);
  await answer(child);
  const pending = mutex.lock();
  await sleep(SETTLED);
  const ended = once(child, 'exit').then(() => performance.now());
  const begin = performance.now();
  child.kill('SIGKILL');
  const guard = await pending;
  const got = performance.now() - begin;
  if (!guard.ownerDied) throw new Error('the mutex was got, and nobody said that its holder died');
  guard.markConsistent();
  guard.release();
  return { got, seen: (await ended) - begin };
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.ceil(sorted.length * share), sorted.length) - 1];
}

export async function compareRecovery(rounds) {
  const name = segmentName();
  const mutex = Mutex.open(name);
  const all = [];
  try {
    for (let round = 0; round < rounds; round++) all.push(await recover(mutex, name));
  } finally {
    mutex.close();
    Mutex.unlink(name);
  }
  return [50, 90, 99].map((percent) => {
    const ours = quantile(
      all.map(({ got }) => got),
      percent / 100,
    );
    const theirs = quantile(
      all.map(({ seen }) => seen),
      percent / 100,
    );
    const goal = percent === 99 && { target: `<= ${LIMIT} ms`, met: ours <= LIMIT };
    return {
      what: `SIGKILL of the holder to await lock(), p${percent}`,
      unit: 'ms',
      ours,
      against: "its 'exit' event, in the same process",
      theirs,
      ratio: ours / theirs,
      ...goal,
    };
  });
}
