// Growing, shrinking, and following a file that others change.
import assert from 'node:assert/strict';
import { readFileSync, statSync, truncateSync } from 'node:fs';
import test from 'node:test';
import { MappedFile, Mapping } from 'crossmem';
import { makeFile, onWindows, resultOf } from './helpers/fixture.mjs';

for (const verb of ['resize', 'resizeAsync']) {
  test(`${verb}: old views are detached, new ones follow, the file has blocks`, async () => {
    const path = makeFile('x'.repeat(5000));
    const file = MappedFile.open(path, { access: 'readwrite', offset: 100 });
    const old = file.buffer;
    await file[verb](100000);
    assert.equal(old.length, 0);
    assert.equal(file.buffer.length, 100000);
    assert.equal(statSync(path).size, 100100);
    // Windows tells no blocks.
    if (!onWindows) assert.ok(statSync(path).blocks * 512 >= 100000);
    file.view(99999, 1)[0] = 7;
    assert.equal(readFileSync(path)[100099], 7);
    await file[verb](10n);
    assert.equal(file.size, 10);
    assert.equal(statSync(path).size, 110);
    assert.equal(file.buffer.toString(), 'x'.repeat(10));
    file.close();
  });

  test(`${verb}: anonymous memory keeps its contents`, async () => {
    const memory = Mapping.anonymous({ size: 5000 });
    memory.buffer.fill('x');
    await memory[verb](1e6);
    assert.equal(memory.view(0, 5000).toString(), 'x'.repeat(5000));
    assert.equal(memory.view(9000, 1)[0], 0);
    await memory[verb](3);
    assert.equal(memory.buffer.toString(), 'xxx');
    memory.close();
  });

  test(`${verb}: only what can be`, async () => {
    const path = makeFile();
    for (const access of ['read', 'private']) {
      const file = MappedFile.open(path, { access });
      await assert.rejects(async () => file[verb](10), { code: 'ERR_CROSSMEM_UNSUPPORTED', path });
      assert.equal(file.buffer.toString(), 'hello');
      file.close();
    }
    const file = MappedFile.open(path, { access: 'readwrite' });
    const view = file.buffer;
    await assert.rejects(async () => file[verb](0), { code: 'ERR_OUT_OF_RANGE' });
    await assert.rejects(async () => file[verb](Number.MAX_SAFE_INTEGER), {
      code: onWindows ? /EFBIG|ENOSPC|EINVAL|ENOMEM/ : /EFBIG|ENOSPC/,
    });
    assert.equal(view.toString(), 'hello');
    assert.equal(statSync(path).size, 5);
    file.close();
  });
}

test('refresh follows the file, if no length was asked', async () => {
  const path = makeFile('hello');
  const file = MappedFile.open(path);
  const fixed = MappedFile.open(path, { length: 3 });
  const view = fixed.buffer;
  await resultOf(`require('fs').appendFileSync(process.argv[1], ' world'); console.log(1)`, {
    args: [path],
  });
  file.refresh();
  fixed.refresh();
  assert.equal(file.buffer.toString(), 'hello world');
  assert.equal(view.toString(), 'hel');
  if (onWindows) {
    // ERROR_USER_MAPPED_FILE, which Node does not know.
    assert.throws(() => truncateSync(path, 2), { code: 'UNKNOWN' });
  } else {
    truncateSync(path, 2);
    file.refresh();
    assert.equal(file.buffer.toString(), 'he');
    assert.throws(() => fixed.refresh(), { code: 'ERR_OUT_OF_RANGE', path });
  }
  file.close();
  fixed.close();
});

test('refresh of a private mapping forgets its changes', () => {
  const file = MappedFile.open(makeFile('hello'), { access: 'private' });
  file.buffer.write('HELLO');
  file.refresh();
  assert.equal(file.buffer.toString(), 'hello');
  file.close();
});
