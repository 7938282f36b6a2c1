// A Redis server of the benchmark's own, on a socket in a folder of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** `{ path, stop }`, or undefined where there is none. */
export async function startRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'crossmem-bench-redis-'));
  const path = join(folder, 'socket');
  const options = ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no'];
  // It closes the connections of those who do not read fast enough, otherwise.
  options.push('--client-output-buffer-limit', 'pubsub', '0', '0', '0', '--dir', folder);
  const server = spawn('redis-server', options, { stdio: 'ignore' });
  const gone = once(server, 'exit').catch(() => {}); // it is not installed
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  process.once('SIGTERM', () => process.exit(1)); // which it would not come by, otherwise
  const stop = async () => {
    kill();
    await gone;
    process.off('exit', kill);
    rmSync(folder, { recursive: true });
  };
  for (let i = 0; i < 200 && !existsSync(path) && server.exitCode === null; i++) await sleep(25);
  if (existsSync(path)) return { path, stop };
  console.error('There is no redis-server here: its rows are left out');
  await stop();
  return undefined;
}
