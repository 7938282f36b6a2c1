// One of the first scene's processes: counts a pattern in its part of the file, as it is told by messages.
import { readFileSync } from 'node:fs';
import { MappedFile } from 'crossmem';

const [path, pattern, index, workers] = process.argv.slice(2);
const file = MappedFile.open(path);
const part = Math.ceil(file.size / workers);
const begin = part * index;
const end = Math.min(begin + part, file.size);

function scan() {
  let matches = 0;
  let told = begin;
  // A match belongs to the part that it begins in, so the search may reach into the next one.
  const reach = Math.min(end + Buffer.byteLength(pattern) - 1, file.size);
  for (let at = begin; at < reach; at++) {
    at = file.indexOf(pattern, { offset: at, length: reach - at });
    if (at === -1) break;
    matches++;
    if (at - told > 2 ** 20) {
      told = at;
      process.send({ type: 'progress', bytes: at - begin });
    }
  }
  process.send({ type: 'progress', bytes: end - begin });
  process.send({ type: 'result', matches });
}

/** This process's share of the file's pages in RAM, where the system can tell. */
function proportionalSize() {
  try {
    const maps = readFileSync('/proc/self/smaps', 'utf8').split(/(?=^[0-9a-f]+-[0-9a-f]+ )/m);
    // The node executable is mapped by the system too; ours is the one that begins at offset 0 and
    // can only be read and is shared.
    const ours = maps.filter((map) => / r--s 00000000 /.test(map) && map.includes(path));
    return ours.reduce((sum, map) => sum + Number(/^Pss:\s+(\d+)/m.exec(map)[1]) * 1024, 0);
  } catch {
    return 0;
  }
}

process.on('message', (message) => {
  if (message === 'scan') scan();
  else process.send({ type: 'memory', pss: proportionalSize() });
});
process.send({ type: 'ready' });
