// The other processes of a measurement: they end with it, however it ends.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export const script = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * Starts a script of this folder, or of another if its URL is given, which ends by itself when this
 * process is gone: it listens to its channel, which is closed then.
 */
export function start(name, args) {
  const child = fork(script(name), args.map(String));
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** What it says next. */
export async function answer(child) {
  const ended = new AbortController();
  const { signal } = ended;
  const gone = once(child, 'exit', { signal }).then(([code, killed]) => {
    throw new Error(`a process of the benchmark ended early: ${killed ?? code}`);
  });
  try {
    return (await Promise.race([once(child, 'message', { signal }), gone]))[0];
  } finally {
    gone.catch(() => {}); // aborted, which is no news
    ended.abort();
  }
}

/** Resolves when it has ended well. */
export async function end(child) {
  const [code, killed] =
    child.exitCode === null ? await once(child, 'exit') : [child.exitCode, child.signalCode];
  if (code !== 0) throw new Error(`a process of the benchmark failed: ${killed ?? code}`);
}
