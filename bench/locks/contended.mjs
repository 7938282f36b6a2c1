// Several processes that all want the same lock all the time, for a moment each.
import { unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mutex, SharedMemory } from 'crossmem';
import { median } from '../interleave.mjs';
import { segmentName } from '../shared-memory/python.mjs';
import { flockBy } from './flock.mjs';
import { answer, end, start } from './helpers.mjs';

/** How often all of them together got it, per millisecond. */
async function rate(how, processes, milliseconds) {
  const name = segmentName();
  const path = join(tmpdir(), name);
  const memory = SharedMemory.create(name, { size: 4096 });
  writeFileSync(path, '');
  try {
    const args = [how, name, path, milliseconds];
    const children = Array.from({ length: processes }, () => start('counter.mjs', args));
    await Promise.all(children.map(answer));
    const answers = children.map(answer);
    for (const child of children) child.send('go');
    const counts = await Promise.all(answers);
    await Promise.all(children.map(end));
    const sum = counts.reduce((all, count) => all + count, 0);
    // A lock that lets two in loses counts: its speed would be worth nothing.
    const counted = new Int32Array(memory.buffer.buffer)[0];
    if (counted !== sum) throw new Error(`${how} let two in: ${counted} of ${sum} were counted`);
    return sum / milliseconds;
  } finally {
    memory.close();
    unlinkSync(path);
    Mutex.unlink(name);
  }
}

export async function compareContended(rounds, quick) {
  const milliseconds = quick ? 300 : 1000;
  const flock = flockBy();
  const rows = [];
  for (const processes of [2, 8]) {
    const rates = { mutex: [], [flock]: [] };
    for (let round = 0; round < rounds; round++) {
      for (const how of Object.keys(rates)) {
        rates[how].push(await rate(how, processes, milliseconds));
      }
    }
    const ours = median(rates.mutex);
    const theirs = median(rates[flock]);
    rows.push({
      what: `${processes} processes lock, count, unlock: all in all`,
      unit: '1000/s',
      ours,
      against: `flock twice by ${flock}`,
      theirs,
      ratio: ours / theirs,
    });
  }
  return rows;
}
