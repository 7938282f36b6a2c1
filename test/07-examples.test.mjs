// The demo's scenes run to their end.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { addonPath, root } from './helpers/fixture.mjs';

test('the scenes of the demo', () => {
  const output = execFileSync(process.execPath, ['examples/demo.mjs', addonPath, 'crossmem'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.match(output, /the next verb throws ERR_CROSSMEM_FAULT/);
  assert.match(output, /one reader is killed/);
  assert.match(output, /torn 0\n.*the name is gone/s);
  assert.match(output, /the count is exact/);
});
