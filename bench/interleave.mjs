// Measures contenders in turn, A B C A B C, so that a machine that changes its speed changes it for
// all of them.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

async function timed(run) {
  globalThis.gc?.();
  const begin = performance.now();
  await run();
  return performance.now() - begin;
}

/**
 * Runs each contender `rounds` times after one round that does not count. A contender is a function
 * that is timed, or `{ before, run, after }` of which `run` is. Gives medians in milliseconds.
 */
export async function interleave(contenders, rounds) {
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, contender] of Object.entries(contenders)) {
      const steps = typeof contender === 'function' ? { run: contender } : contender;
      await steps.before?.();
      const time = await timed(steps.run);
      await steps.after?.();
      if (round >= 0) times[name].push(time);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]));
}
