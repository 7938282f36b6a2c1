// The demo's scenes run to their end.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { addonPath, buildFolder, root } from './helpers/fixture.mjs';

test('the scenes of the demo', () => {
  const output = execFileSync(process.execPath, ['examples/demo.mjs', addonPath, 'crossmem'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.match(output, /the next verb throws ERR_CROSSMEM_FAULT/);
  assert.match(output, /one reader is killed/);
  assert.match(output, /torn 0\n.*the name is gone/s);
  assert.match(output, /the count is exact/);
  assert.match(output, /jobs sent.*came back from the dead\n {2}0 lost/s);
});

const telemetry = join(buildFolder, 'core/crossmem_telemetry');
const notBuilt = !existsSync(telemetry) && 'the C++ example is built with the C++ tests only';
test('a C++ producer and a consumer in Node.js', { skip: notBuilt }, () => {
  const output = execFileSync(process.execPath, ['examples/telemetry.mjs', telemetry, '20000'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(output.match(/5000 samples, the highest 1\.000/g)?.length, 4);
});
