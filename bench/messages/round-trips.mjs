// There and back: with event loops that are awake, with ones that sleep, and with none.
import { median } from '../interleave.mjs';
import { atMost, faster } from '../report.mjs';
import { others, quantile, sizeName, sizes } from './names.mjs';

const SIZE = 64;
/** By then both sides sleep: a loop stays awake for 0.2 ms. */
const SILENCE = 20;

/** All round trips of each, in microseconds, the rounds of one after each other's. */
async function measure(pairs, hows, rounds, task) {
  const all = new Map(hows.filter((how) => pairs.hows.includes(how)).map((how) => [how, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [how, figures] of all) {
      const trips = await pairs.ask(how, task);
      if (round >= 0) figures.push(trips);
    }
  }
  return all;
}

const shownShare = (part) => `p${part * 100}`;

/** A row for each share and each of the others; `goal` gives its target, if there is one. */
function rowsOf(what, all, ours, shown, parts, goal) {
  const rows = [];
  for (const part of parts) {
    // Each round's own: a round in which the machine did something else is one of many.
    const time = (how) => median(all.get(how).map((trips) => quantile(trips, part)));
    for (const other of all.keys()) {
      if (other === ours) continue;
      const { kind = atMost, target } = goal?.(other, part) ?? {};
      const row = `${what}, ${shownShare(part)}`;
      rows.push(kind(row, 'us', time(ours), shown[other], time(other), target));
    }
  }
  return rows;
}

const loops = ['awaited', 'socket', 'json', 'advanced', 'worker', 'zeromq', 'redis'];
const toSocket = (kind, target) => (other, part) =>
  other === 'socket' && part === 0.5 ? { kind, target } : { kind };

async function compareAwake(pairs, rounds, quick) {
  const rows = [];
  for (const size of sizes) {
    const small = size === SIZE;
    const times = size > 1024 ? 100 : quick ? 1000 : 3000;
    const task = { kind: 'trips', size, warm: 100, times };
    const all = await measure(pairs, small ? loops : loops.slice(0, 2), rounds, task);
    const parts = small ? [0.5, 0.99, 0.999] : [0.5];
    const goal = toSocket(faster, small ? 8 : undefined);
    rows.push(...rowsOf(`${sizeName(size)} round trip`, all, 'awaited', others, parts, goal));
  }
  return rows;
}

async function compareAsleep(pairs, rounds, quick) {
  const task = { kind: 'trips', size: SIZE, warm: 5, times: quick ? 30 : 60, pause: SILENCE };
  const hows = quick ? loops.slice(0, 2) : loops;
  const all = await measure(pairs, hows, rounds, task);
  const what = `64 B round trip after ${SILENCE} ms of silence`;
  return rowsOf(what, all, 'awaited', others, [0.5, 0.99], toSocket(atMost, 1));
}

async function compareSpinning(pairs, rounds, quick) {
  const task = { kind: 'spin', size: SIZE, warm: 20_000, times: quick ? 50_000 : 200_000 };
  const all = await measure(pairs, ['blocking', 'atomics'], rounds, task);
  const shown = { atomics: 'bare Atomics, spinning' };
  const goal = (_, part) => ({ target: part === 0.5 ? 4 : undefined });
  const what = '64 B round trip by sendSync, receiveSync';
  return rowsOf(what, all, 'blocking', shown, [0.5, 0.99, 0.999], goal);
}

export async function compareRoundTrips(pairs, rounds, quick) {
  return [
    ...(await compareAwake(pairs, rounds, quick)),
    ...(await compareAsleep(pairs, Math.ceil(rounds / 2), quick)),
    ...(await compareSpinning(pairs, rounds, quick)),
  ];
}
