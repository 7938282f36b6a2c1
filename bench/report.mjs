// Prints rows of ratios as one table and writes them with the machine that they were measured on.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { root } from '../scripts/tools.mjs';

function commit() {
  try {
    const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') ? ' + changes' : '');
  } catch {
    return 'unknown';
  }
}

/**
 * A row: what is compared with what, both medians in `unit`, `ratio` as it is spoken of, and `target`
 * with `met`, if there is one.
 */
export function report(name, rows) {
  const table = new Table({
    head: ['what', 'crossmem', 'against', 'its figure', 'unit', 'ratio', 'target', ''],
    colAligns: ['left', 'right', 'left', 'right', 'left', 'right', 'left', 'left'],
    style: { compact: true, head: [], border: [] },
  });
  for (const { what, ours, against, theirs, unit, ratio, target, met } of rows) {
    const verdict = met === undefined ? '' : met ? 'met' : 'MISSED';
    table.push([
      what,
      shown(ours),
      against,
      shown(theirs),
      unit,
      shown(ratio),
      target ?? '',
      verdict,
    ]);
  }
  console.log(table.toString());
  const [cpu] = cpus();
  const results = {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    node: process.version,
    kernel: release(),
    machine: `${cpus().length} x ${cpu.model}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    rows,
  };
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  const path = join(root, 'bench/results', `${name}.json`);
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
  console.log(`Written to bench/results/${name}.json`);
}

function shown(figure) {
  if (typeof figure !== 'number') return figure ?? '-';
  return figure >= 100 ? figure.toFixed(0) : figure.toPrecision(3);
}

/** How many times faster ours is, if it is to be at least `atLeast` times. */
export function faster(what, unit, ours, against, theirs, atLeast) {
  const ratio = theirs / ours;
  const goal = atLeast && { target: `>= ${atLeast}x faster`, met: ratio >= atLeast };
  return { what, unit, ours, against, theirs, ratio, ...goal };
}

/** How many times theirs ours costs, if a limit is given to be at most that many times. */
export function atMost(what, unit, ours, against, theirs, limit) {
  const ratio = ours / theirs;
  const goal = limit !== undefined && { target: `<= ${limit}x`, met: ratio <= limit };
  return { what, unit, ours, against, theirs, ratio, ...goal };
}

/** What share of their speed ours has, if it is to be at least `atLeast`. */
export function share(what, unit, ours, against, theirs, atLeast) {
  const ratio = theirs / ours;
  const goal = atLeast && { target: `>= ${atLeast * 100} %`, met: ratio >= atLeast };
  return { what, unit, ours, against, theirs, ratio, ...goal };
}
