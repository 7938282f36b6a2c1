// The demo's second scene: a writer and three readers meet on a name, one is killed, life goes on.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SharedMemory } from 'crossmem';

const peer = fileURLToPath(new URL('demo-frames-peer.mjs', import.meta.url));

async function start(role, name) {
  const child = fork(peer, [role, name]);
  await once(child, 'message');
  return child;
}

async function ask(child, what) {
  child.send(what);
  const [answer] = await once(child, 'message');
  return answer;
}

function tell(title, answers) {
  const readers = answers.filter(({ role }) => role === 'reader');
  const [writer] = answers.filter(({ role }) => role === 'writer');
  const seen = readers.map(({ count }) => count).join(', ');
  const torn = readers.reduce((sum, reader) => sum + reader.torn, 0);
  console.log(`  ${title}: ${writer.count} frames drawn; seen ${seen}; torn ${torn}`);
  if (torn > 0) throw new Error('a reader has seen half a frame');
}

export async function showFrames() {
  const name = `crossmem-demo-${process.pid}`;
  console.log(`A writer and three readers exchange frames in '${name}', shared memory by name:`);
  const [writer, ...readers] = await Promise.all(
    ['writer', 'reader', 'reader', 'reader'].map((role) => start(role, name)),
  );
  const { size, persist } = SharedMemory.stat(name);
  console.log(`  ${(size / 2 ** 20).toFixed(1)} MiB, persist '${persist}', four processes`);
  await sleep(300);
  tell('for a while', await Promise.all([writer, ...readers].map((one) => ask(one, 'tell'))));
  const [victim, ...rest] = readers;
  victim.kill('SIGKILL');
  await once(victim, 'exit');
  console.log('  one reader is killed with SIGKILL');
  await sleep(300);
  const exits = [writer, ...rest].map((one) => once(one, 'exit'));
  tell('the others', await Promise.all([writer, ...rest].map((one) => ask(one, 'stop'))));
  await Promise.all(exits);
  const there = SharedMemory.exists(name);
  console.log(`  the last one has closed: the name is ${there ? 'still there' : 'gone'}\n`);
  if (there) throw new Error(`'${name}' should be gone`);
}
