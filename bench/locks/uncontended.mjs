// A free lock, taken and released again. Each contender runs in processes of its own: what V8 has
// learnt of one must not be in the way of another.
import { spawnSync } from 'node:child_process';
import { median } from '../interleave.mjs';
import { loadPeer } from '../load-peer.mjs';
import { atMost, faster } from '../report.mjs';
import { flockBy } from './flock.mjs';
import { script } from './helpers.mjs';

function nanoseconds(how) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [script('pair.mjs'), how], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the process that locks by ${how} failed: ${stderr}`);
  return Number(stdout);
}

export function compareUncontended(rounds) {
  const flock = flockBy();
  const peers = ['fs-native-extensions', 'proper-lockfile'].filter(loadPeer);
  const times = new Map(
    ['tryLock', 'lockSync', 'atomics', flock, ...peers].map((how) => [how, []]),
  );
  for (let round = 0; round < rounds; round++) {
    for (const [how, all] of times) all.push(nanoseconds(how));
  }
  const time = (how) => median(times.get(how));
  const limit = (what, ours) =>
    atMost(what, 'ns', time(ours), 'Atomics.compareExchange + store', time('atomics'), 2);
  const against = (how, shown, atLeast) =>
    faster('JS lockSync + release', 'ns', time('lockSync'), shown, time(how), atLeast);
  const shown = {
    'fs-native-extensions': 'fs-native-extensions, tryLock + unlock',
    'proper-lockfile': 'proper-lockfile, lockSync + unlockSync',
  };
  return [
    limit('JS tryLock + release', 'tryLock'),
    limit('JS lockSync + release', 'lockSync'),
    against(flock, `flock twice, as mmap-ipc, by ${flock}`, 20),
    ...peers.map((peer) => against(peer, shown[peer])),
  ];
}
