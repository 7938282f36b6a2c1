// From the death of a producer in the middle of a claim to the message of another one behind it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'crossmem';
import { segmentName } from '../shared-memory/python.mjs';
import { quantile } from './names.mjs';
import { program } from './native.mjs';

const LIMIT = 10; // milliseconds
const SETTLED = 20; // by then the wait sleeps

async function recover(queue, name) {
  const child = spawn(program, ['reserve', name], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [said] = await once(child.stdout, 'data');
  if (String(said).trim() !== 'reserved') throw new Error(`the producer said ${said}`);
  queue.sendSync(Buffer.from('behind'));
  const pending = queue.receive();
  await sleep(SETTLED);
  const ended = once(child, 'exit').then(() => performance.now());
  const begin = performance.now();
  child.kill('SIGKILL');
  const message = await pending;
  const got = performance.now() - begin;
  if (String(Buffer.from(message)) !== 'behind') throw new Error('another message came');
  return { got, seen: (await ended) - begin };
}

export async function compareRecovery(rounds) {
  const name = segmentName();
  const queue = Queue.open(name);
  const all = [];
  try {
    for (let round = 0; round < rounds; round++) all.push(await recover(queue, name));
  } finally {
    queue.close();
    Queue.unlink(name);
  }
  return [0.5, 0.99, 1].map((part) => {
    const time = (which) =>
      quantile(
        all.map((one) => one[which]),
        part,
      );
    const [ours, theirs] = [time('got'), time('seen')];
    const goal = part === 0.99 && { target: `<= ${LIMIT} ms`, met: ours <= LIMIT };
    return {
      what: `SIGKILL in a claim to the message behind it, ${part === 1 ? 'max' : `p${part * 100}`}`,
      unit: 'ms',
      ours,
      against: "its 'exit' event, in the same process",
      theirs,
      ratio: ours / theirs,
      ...goal,
    };
  });
}
