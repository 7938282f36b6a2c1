// A process of the third scene: counts, in two steps, until it is killed.
import { Mutex, SharedMemory } from 'crossmem';
import { counters } from './counters.mjs';

const [name] = process.argv.slice(2);
const { first, second, deaths } = counters(SharedMemory.open(name));
const mutex = Mutex.open(name);
process.send('ready');
for (;;) {
  const guard = await mutex.lock();
  if (guard.ownerDied) {
    // Killed between the two steps, or beside them: what it began is finished.
    deaths(deaths() + 1);
    second(first());
    guard.markConsistent();
  }
  if (first() !== second()) throw new Error('half a count, and nobody was told');
  first(first() + 1);
  second(first());
  guard.release();
}
