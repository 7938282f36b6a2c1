// The demo's third scene: eight processes count under a lock, and every 50 ms one of them is killed.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Mutex, SharedMemory } from 'crossmem';
import { counters } from './counters.mjs';

const peer = fileURLToPath(new URL('demo-locks-peer.mjs', import.meta.url));
const processes = 8;
const duration = 2000;

async function start(name) {
  const child = fork(peer, [name]);
  await once(child, 'message');
  return child;
}

/** Kills one after the other, each time in the middle of whatever it does, and starts another. */
async function killAgainAndAgain(children, name) {
  let kills = 0;
  for (const end = Date.now() + duration; Date.now() < end; kills++) {
    await sleep(50);
    const victim = children.shift();
    victim.kill('SIGKILL');
    children.push(await start(name));
  }
  return kills;
}

export async function showLocks() {
  const name = `crossmem-demo-${process.pid}`;
  const memory = SharedMemory.create(name, { size: 64 });
  const mutex = Mutex.open(name);
  console.log(`Eight processes count under the mutex '${name}', one is killed every 50 ms:`);
  const children = await Promise.all(Array.from({ length: processes }, () => start(name)));
  const kills = await killAgainAndAgain(children, name);
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => once(child, 'exit')));
  const guard = await mutex.lock();
  const { first, second, deaths } = counters(memory);
  const last = guard.ownerDied ? 1 : 0;
  guard.markConsistent();
  guard.release();
  console.log(`  ${first()} counted, ${kills + processes} killed`);
  console.log(`  ${deaths() + last} of them held it, and each time the next one was told`);
  const exact = first() === second() || last === 1;
  console.log(`  both counters agree: ${exact ? 'the count is exact' : 'NO'}\n`);
  mutex.close();
  memory.close();
  if (!exact) throw new Error('the counters differ, and nobody was told');
}
