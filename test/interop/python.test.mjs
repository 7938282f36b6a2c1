// Python's multiprocessing.shared_memory and its file locks, on the same names and files.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { FileLock, SharedMemory } from 'crossmem';
import { keep, makeFile, segmentName, talkTo } from '../helpers/fixture.mjs';

const python = (code, ...args) => {
  const { stdout, stderr, status } = spawnSync('python3', ['-c', code, ...args], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout.trim();
};

test('Python makes, Node opens', async () => {
  const name = segmentName();
  const child = talkTo('python3', [
    '-uc',
    `import sys
from multiprocessing.shared_memory import SharedMemory
memory = SharedMemory(name=sys.argv[1], create=True, size=5000)
memory.buf[4990:5000] = b'from them!'
print(1)
sys.stdin.readline()
assert bytes(memory.buf[:7]) == b'from us'
memory.close()
memory.unlink()`,
    name,
  ]);
  await child.next();
  const memory = keep(SharedMemory.open(name));
  assert.deepEqual([memory.size, memory.persist, memory.created], [5000, 'manual', false]);
  assert.equal(memory.view(4990).toString(), 'from them!');
  memory.write('from us');
  assert.throws(() => SharedMemory.create(name, { size: 1 }), { code: 'EEXIST' });
  child.say('go on');
  assert.deepEqual(await child.end(), { code: 0, signal: null });
  assert.equal(SharedMemory.exists(name), false);
  assert.equal(memory.view(4990).toString(), 'from them!');
});

test('Node makes, Python opens', () => {
  const name = segmentName();
  const memory = keep(SharedMemory.create(name, { size: 5000 }));
  memory.write('from us', { offset: 100 });
  const printed = python(
    `import sys
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
memory = SharedMemory(name=sys.argv[1])
# Before 3.13 Python removes what it has not made, too.
resource_tracker.unregister(memory._name, 'shared_memory')
print(memory.size, bytes(memory.buf[100:107]).decode())
memory.buf[0] = 42
memory.close()`,
    name,
  );
  assert.equal(printed, '5000 from us');
  assert.equal(memory.buffer[0], 42);
  assert.equal(SharedMemory.exists(name), true);
});

test("Python's record locks meet ours", { skip: !FileLock.ranges }, () => {
  const path = makeFile('0123456789');
  const lock = keep(FileLock.tryLock(path, { start: 2, length: 3 }));
  const tries = () =>
    python(
      `import fcntl, sys
file = open(sys.argv[1], 'r+')
def free(start, length):
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
        return True
    except OSError:
        return False
print(free(0, 2), free(2, 3), free(5, 0), free(0, 0))`,
      path,
    );
  assert.equal(tries(), 'True False True False');
  lock.release();
  assert.equal(tries(), 'True True True True');
});
