// The program of core/bench/messages_bench.cc, with both of its processes.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../scripts/tools.mjs';
import { median } from '../interleave.mjs';
import { atMost } from '../report.mjs';
import { natives, sizeName } from './names.mjs';

export const program = join(root, 'build/bench/core/crossmem_messages_bench');
const execute = promisify(execFile);

/** Microseconds for one. `what`: 'stream' or 'trips'. */
export async function native(what, who, size, times) {
  const { stdout } = await execute(program, [what, who, size, times].map(String));
  return Number(stdout) / 1000;
}

/** What the hand-over costs beyond the least that it could. */
export async function compareNative(rounds, quick) {
  const kinds = [
    ['stream', 64, quick ? 1e6 : 4e6, ['ring', 'queue', 'many', 'place']],
    ['trips', 64, quick ? 2e5 : 1e6, ['ring', 'queue']],
  ];
  const rows = [];
  for (const [what, size, times, whos] of kinds) {
    const all = new Map(whos.map((who) => [who, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [who, figures] of all) figures.push(await native(what, who, size, times));
    }
    const time = (who) => median(all.get(who)) * 1000;
    const [ring, ...queues] = whos;
    const shown = what === 'stream' ? 'one way' : 'round trip, spinning';
    for (const who of queues) {
      // The target is of the plain forms, for which a bare ring has the counterpart.
      const limit = who === 'queue' ? 1.5 : undefined;
      const row = `${natives[who]}: ${sizeName(size)} ${shown}`;
      rows.push(atMost(row, 'ns', time(who), natives[ring], time(ring), limit));
    }
  }
  return rows;
}
