// There and back: how long each round trip took, in microseconds.
import { setTimeout as sleep } from 'node:timers/promises';
import { makeReader, makeWriter } from './payload.mjs';

/** With `pause` milliseconds of silence before each, in which both sides fall asleep. */
export async function exchange(link, { size, warm, times, pause = 0 }) {
  const { write } = makeWriter(size);
  const { read, check } = makeReader(size);
  const all = [];
  for (let i = 0; i < warm + times; i++) {
    if (pause > 0) await sleep(pause);
    const begin = performance.now();
    await link.send(write(i));
    read(await link.receive());
    all.push((performance.now() - begin) * 1000);
  }
  check();
  return all.slice(warm);
}

/** A look at the clock costs half a round trip: each figure is of so many of them. */
export const TRIPS_AT_ONCE = 10;

/** Both sides look all the time, and their event loops stand still. */
export function exchangeSync(link, { size, warm, times }) {
  const { write } = makeWriter(size);
  const { read } = makeReader(size);
  const all = [];
  for (let i = 0; i < warm + times; i += TRIPS_AT_ONCE) {
    const begin = performance.now();
    for (let j = i; j < i + TRIPS_AT_ONCE; j++) {
      link.sendSync(write(j));
      const message = link.receiveSync();
      if (message !== undefined) read(message);
    }
    all.push(((performance.now() - begin) * 1000) / TRIPS_AT_ONCE);
  }
  return all.slice(warm / TRIPS_AT_ONCE);
}
