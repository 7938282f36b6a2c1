// The program flock of util-linux, on the same file.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { FileLock } from 'crossmem';
import { makeFile } from '../helpers/fixture.mjs';

const tries = (path, ...options) =>
  spawnSync('flock', ['--nonblock', ...options, path, 'true']).status === 0;

test('flock waits for us, and we for it', async () => {
  const path = makeFile();
  const lock = FileLock.tryLock(path, { flock: true });
  assert.equal(tries(path), false);
  assert.equal(tries(path, '--shared'), false);
  lock.release();
  assert.equal(tries(path), true);
  const shared = FileLock.tryLock(path, { flock: true, mode: 'shared' });
  assert.equal(tries(path), false);
  assert.equal(tries(path, '--shared'), true);
  shared.release();
  const holder = spawn('flock', [path, 'sh', '-c', 'echo held; read line'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  assert.equal(FileLock.tryLock(path, { flock: true }), null);
  assert.throws(() => FileLock.lockSync(path, { flock: true, timeout: 5 }), {
    code: 'ERR_CROSSMEM_TIMEOUT',
  });
  const waiting = FileLock.lock(path, { flock: true });
  holder.stdin.end('\n');
  (await waiting).release();
});

test('record locks and flock do not see each other on Linux', { skip: !FileLock.ranges }, () => {
  const path = makeFile();
  const lock = FileLock.tryLock(path);
  assert.equal(tries(path), true);
  lock.release();
});
