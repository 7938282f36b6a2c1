// Running the JavaScript suite file by file, each in a process of its own, and counting.
import { availableParallelism } from 'node:os';
import Table from 'cli-table3';

export const number = (text, pattern) => Number(pattern.exec(text)?.[1] ?? 0);

/** Adds up counts of passed, failed and skipped. */
export class Counts {
  passed = 0;
  failed = 0;
  skipped = 0;

  add({ passed, failed, skipped }) {
    this.passed += passed;
    this.failed += failed;
    this.skipped += skipped;
  }

  toString() {
    return `${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`;
  }
}

/**
 * Runs files on as many processors as there are; `runOne(file, lane)` resolves with its counts. A file
 * that ran nothing has failed: its tests were lost on the way.
 */
export async function runFiles(files, runOne) {
  const total = new Counts();
  const queue = [...files];
  const lane = async (_, index) => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const result = await runOne(file, index);
      if (result.failed > 0) process.stdout.write(`${file}: FAILED\n${result.report}`);
      total.add(result);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return total;
}

/** What a program ended with, and counted, is a result; what it said only if it failed. */
export function judge({ passed, skipped, failed }, ended, report) {
  const ran = ended && passed + skipped > 0;
  const failures = failed || (ran ? 0 : 1);
  return { passed, skipped, failed: failures, report: failures > 0 ? report : '' };
}

/** As Node.js counts. */
export const countTap = (output) => ({
  passed: number(output, /^# pass (\d+)$/m),
  skipped: number(output, /^# skipped (\d+)$/m),
  failed: number(output, /^# fail (\d+)$/m),
});

/** Prints a row for each, and all together; sets the exit code. */
export function printCounts(results, where) {
  const table = new Table({
    head: ['suite', 'passed', 'failed', 'skipped'],
    style: { compact: true, head: [], border: [] },
  });
  const total = new Counts();
  for (const [suite, counts] of Object.entries(results)) {
    table.push([suite, counts.passed, counts.failed, counts.skipped]);
    total.add(counts);
  }
  console.log(table.toString());
  console.log(`${total}, ${where}`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}
