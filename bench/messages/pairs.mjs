// The contenders that are there, each with its two sides started once and asked in turn.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPeer } from '../load-peer.mjs';
import { answer, end, start } from '../locks/helpers.mjs';
import { segmentName } from '../shared-memory/python.mjs';

const needs = { zeromq: 'zeromq', redis: 'ioredis' };

/** Starts those of them that can be; `server` is a Redis server's socket, if there is one. */
export async function startPairs(hows, server) {
  const there = hows.filter(
    (how) => (how !== 'redis' || server !== undefined) && (!needs[how] || loadPeer(needs[how])),
  );
  const runner = new URL('runner.mjs', import.meta.url);
  const runners = new Map(there.map((how) => [how, start(runner, [how])]));
  await Promise.all([...runners.values()].map(answer));
  return {
    hows: there,
    async ask(how, task) {
      const name = segmentName();
      const path = join(tmpdir(), name);
      const child = runners.get(how);
      child.send({ name, path, server, ...task });
      try {
        return await answer(child);
      } catch (error) {
        throw new Error(`${how}, ${JSON.stringify(task)}: ${error.message}`);
      } finally {
        for (const one of [path, `${path}-0`, `${path}-1`]) rmSync(one, { force: true });
      }
    },
    async end() {
      for (const child of runners.values()) child.send('end');
      await Promise.all([...runners.values()].map(end));
    },
  };
}
