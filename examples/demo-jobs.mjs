// The demo's fourth scene: four processes take jobs from a queue, and every 50 ms one of them is
// killed with a job in its hands.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Queue, SharedMemory } from 'crossmem';

const peer = fileURLToPath(new URL('demo-jobs-peer.mjs', import.meta.url));
const processes = 4;
const kills = 20;
const most = 4_000_000;

async function start(name) {
  const child = fork(peer, [name]);
  await once(child, 'message');
  return child;
}

/** Sends as long as it goes on; resolves with how many. */
async function sendUntil(queue, isOver) {
  let sent = 0;
  while (!isOver() && sent < most) {
    const jobs = Array.from({ length: 50 }, (_, i) => ({ job: sent + i + 1 }));
    await queue.sendMany(jobs);
    sent += jobs.length;
  }
  return sent;
}

export async function showJobs() {
  const name = `crossmem-demo-${process.pid}`;
  const queue = Queue.open(name, { codec: 'json', capacity: 65_536 });
  // How many came back, then how often each job was done.
  const memory = SharedMemory.create(name, { size: 4 * (most + 51) });
  const done = new Int32Array(memory.arrayBuffer);
  console.log(`Four processes do jobs from the queue '${name}', one is killed every 50 ms:`);
  const children = await Promise.all(Array.from({ length: processes }, () => start(name)));
  let over = false;
  const sending = sendUntil(queue, () => over);
  for (let i = 0; i < kills; i++) {
    await sleep(50);
    children.shift().kill('SIGKILL');
    children.push(await start(name));
  }
  over = true;
  const sent = await sending;
  while (queue.used > 0) await sleep(5);
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => once(child, 'exit')));
  const counts = done.subarray(1, sent + 1);
  const lost = counts.filter((times) => times === 0).length;
  const twice = counts.filter((times) => times > 1).length;
  console.log(`  ${sent} jobs sent, ${kills} killed, ${done[0]} jobs came back from the dead`);
  console.log(`  ${lost} lost; ${twice} done and not acknowledged, and so done twice\n`);
  queue.close();
  Queue.unlink(name);
  memory.close();
  if (lost > 0) throw new Error('jobs were lost');
}
