// The C++ library against the bare system calls, by Google Benchmark.
import { join } from 'node:path';
import { root, run } from '../scripts/tools.mjs';
import { atMost } from './report.mjs';

/** Medians in nanoseconds, by the names of core/bench: what/who/size. */
export function coreMedians(quick, filter) {
  const output = run(
    join(root, 'build/bench/core/crossmem_bench'),
    [
      '--benchmark_format=json',
      `--benchmark_filter=^(${filter})/`,
      `--benchmark_repetitions=${quick ? 3 : 15}`,
      '--benchmark_enable_random_interleaving=true',
      '--benchmark_report_aggregates_only=true',
      '--benchmark_min_time=0.05',
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const medians = new Map();
  for (const { run_name, aggregate_name, real_time } of JSON.parse(output).benchmarks) {
    if (aggregate_name === 'median') medians.set(run_name, real_time);
  }
  return medians;
}

export function compareCore(quick) {
  const medians = coreMedians(quick, 'path|descriptor|anonymous|copy');
  const rows = [];
  for (const [name, time] of medians) {
    const [what, who, size] = name.split('/');
    if (who !== 'crossmem') continue;
    const raw = medians.get(`${what}/raw/${size}`);
    const shownSize = size >= 2 ** 20 ? `${size / 2 ** 20} MiB` : `${size / 2 ** 10} KiB`;
    const row = atMost(`C++ ${what}, ${shownSize}`, 'ns', time, 'raw system calls', raw, 1.1);
    // A copy makes no system call; it is shown, the target is about mapping and unmapping.
    if (what === 'copy')
      Object.assign(row, { against: 'memcpy', target: undefined, met: undefined });
    rows.push(row);
  }
  return rows;
}
