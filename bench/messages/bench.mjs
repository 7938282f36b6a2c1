// Messages between processes against what a user, or a C++ program, would pick instead.
import { compareCrowds } from './crowd.mjs';
import { compareIdle } from './idle.mjs';
import { links } from './links/index.mjs';
import { compareNative } from './native.mjs';
import { compareOneWay } from './one-way.mjs';
import { startPairs } from './pairs.mjs';
import { compareRecovery } from './recovery.mjs';
import { startRedis } from './redis-server.mjs';
import { compareRoundTrips } from './round-trips.mjs';

export async function measure({ quick }) {
  const rounds = quick ? 3 : 7;
  const rows = await compareNative(rounds, quick);
  const server = await startRedis();
  const pairs = await startPairs(Object.keys(links), server?.path);
  rows.push(...(await compareOneWay(pairs, rounds, quick)));
  rows.push(...(await compareRoundTrips(pairs, rounds, quick)));
  await pairs.end();
  await server?.stop();
  return [
    ...rows,
    ...(await compareCrowds(quick ? 1 : 3, quick)),
    ...(await compareRecovery(quick ? 40 : 200)),
    ...(await compareIdle(quick)),
  ];
}
