// A free mutex in C++ against the mutexes of others, by Google Benchmark.
import { coreMedians } from '../core.mjs';
import { atMost } from '../report.mjs';

const others = [
  ['pthread', 'pthread_mutex, process-shared', 1],
  ['robust', 'pthread_mutex, process-shared, robust'],
  ['boost', 'boost::interprocess::interprocess_mutex'],
];

export function compareNative(quick) {
  const medians = coreMedians(quick, 'mutex');
  const ours = medians.get('mutex/crossmem');
  const rows = [];
  for (const [who, shown, limit] of others) {
    const theirs = medians.get(`mutex/${who}`);
    if (theirs !== undefined)
      rows.push(atMost('C++ lock + unlock', 'ns', ours, shown, theirs, limit));
    else console.error(`${shown} is not built here: its row is left out`);
  }
  return rows;
}
