// One of several processes that read a whole file, mapped or by readFileSync, and say what it costs.
import { readFileSync } from 'node:fs';
import { MappedFile } from 'crossmem';

const [path, how] = process.argv.slice(2);
const kibibytes = (text, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)[1]);
const wholeProcess = () => kibibytes(readFileSync('/proc/self/smaps_rollup', 'utf8'), 'Pss') * 1024;

const before = wholeProcess();
// Held for ever: what nothing refers to any more could be collected before it is measured.
globalThis.bytes = how === 'map' ? MappedFile.open(path).buffer : readFileSync(path);
const { bytes } = globalThis;
let sum = 0;
for (let i = 0; i < bytes.length; i += 512) sum += bytes[i];
process.send(sum);

process.on('message', () => {
  if (how === 'map') {
    const maps = readFileSync('/proc/self/smaps', 'utf8').split(/(?=^[0-9a-f]+-[0-9a-f]+ )/m);
    const ours = maps.filter((map) => map.includes(path));
    process.send(ours.reduce((total, map) => total + kibibytes(map, 'Pss') * 1024, 0));
  } else {
    // The buffer is ordinary memory: what this process has more than before.
    process.send(wholeProcess() - before);
  }
});
