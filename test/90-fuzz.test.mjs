// The fuzzer with a fixed seed, in a process of its own: it must end by itself, with exit code 0.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'node:test';
import { onWindows, root } from './helpers/fixture.mjs';

// Under Wine each takes ten times as long.
const calls = onWindows ? 5000 : 20_000;
// Less than scripts/test-windows.mjs gives the file, so that this test says what has not ended.
const timeout = 240_000;
test(`${calls} random calls on every public function end with exit code 0`, () => {
  const { status, signal, stderr } = spawnSync(
    process.execPath,
    [join(root, 'test/fuzz/fuzz.mjs'), '2', String(calls)],
    { cwd: root, encoding: 'utf8', timeout },
  );
  assert.deepEqual([status, signal], [0, null], stderr);
});
