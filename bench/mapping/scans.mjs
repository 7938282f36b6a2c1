// Reading a file once, from its first byte to its last: sums in JavaScript, searches in C++.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { MappedFile } from 'crossmem';
import { interleave } from '../interleave.mjs';
import { loadPeer } from '../load-peer.mjs';
import { atMost, faster } from '../report.mjs';

/** The same loop for everybody, a 32-bit word at a time. */
function sum(bytes) {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let total = 0;
  for (let i = 0; i < words.length; i++) total = (total + words[i]) | 0;
  return total;
}

function sumOfChunks(path, length) {
  const fd = openSync(path);
  const chunk = Buffer.alloc(length);
  let total = 0;
  for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk)) {
    total = (total + sum(chunk.subarray(0, read))) | 0;
  }
  closeSync(fd);
  return total;
}

/** What Python's mmap takes to find what is not there, without the start of the interpreter. */
function pythonFind(path) {
  const program = `
import mmap, sys, time
begin = time.perf_counter()
with open(sys.argv[1], 'rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
    memory.find(b'nowhere to be found')
print((time.perf_counter() - begin) * 1000)`;
  const { status, stdout } = spawnSync('python3', ['-c', program, path], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : undefined;
}

export async function compareScans(path, size, rounds) {
  const mmapIo = loadPeer('@riaskov/mmap-io');
  const touched = MappedFile.open(path);
  sum(touched.buffer);
  const contenders = {
    crossmem: async () => {
      const file = MappedFile.open(path);
      await file.prefetch();
      sum(file.buffer);
      file.close();
    },
    touched: () => sum(touched.buffer),
    readFileSync: () => sum(readFileSync(path)),
    'readSync 64 KiB': () => sumOfChunks(path, 2 ** 16),
    'readSync 1 MiB': () => sumOfChunks(path, 2 ** 20),
  };
  if (mmapIo) {
    contenders['mmap-io'] = () => {
      const fd = openSync(path);
      sum(mmapIo.map(size, mmapIo.PROT_READ, mmapIo.MAP_SHARED, fd));
      closeSync(fd);
    };
  }
  const sums = await interleave(contenders, rounds);
  touched.close();

  const pattern = 'nowhere to be found';
  const finds = await interleave(
    {
      crossmem: async () => {
        const file = MappedFile.open(path);
        await file.indexOfAsync(pattern);
        file.close();
      },
      readFileSync: () => readFileSync(path).indexOf(pattern),
    },
    Math.min(rounds, 3),
  );
  const python = pythonFind(path);

  const what = `first sum of ${size / 2 ** 20} MiB`;
  const against = (name, target) => faster(what, 'ms', sums.crossmem, name, sums[name], target);
  return [
    against('readFileSync', 1.5),
    atMost(what, 'ms', sums.crossmem, 'memory touched before', sums.touched, 1.15),
    against('readSync 64 KiB'),
    against('readSync 1 MiB'),
    ...(mmapIo ? [against('mmap-io')] : []),
    faster('search all of it', 'ms', finds.crossmem, 'readFileSync + indexOf', finds.readFileSync),
    ...(python
      ? [faster('search all of it', 'ms', finds.crossmem, "Python's mmap.find", python)]
      : []),
  ];
}
