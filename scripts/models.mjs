// Searches all states of the lock protocol's models with Spin, and finds every seeded mistake.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fail, root } from './tools.mjs';

/** The depth of every search: more than the longest run. */
const kDepth = 100_000;
const kMegabytes = 1000;

/** Shapes are sets of macros: two small searches in place of one large. */
const models = [
  { name: 'agents', shapes: [[], ['CROWD']] },
  { name: 'mutex', shapes: [[], ['CROWD']] },
  { name: 'wait', shapes: [['NO_KILL'], []] },
];

function output(command, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: 80_000 });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
    }
    child.on('error', (error) => fail(`${command} could not be started: ${error.message}`));
    child.on('close', (status) => resolve({ status, text }));
  });
}

/** One search of one model with these macros: how many states and errors; undefined if not all. */
async function search(model, macros) {
  const folder = join(root, 'build/models', [model, ...macros].join('-'));
  mkdirSync(folder, { recursive: true });
  const defines = macros.map((macro) => `-D${macro}`);
  const steps = [
    ['spin', [...defines, '-a', join(root, `models/${model}.pml`)]],
    ['gcc', ['-O2', '-w', '-DSAFETY', `-DMEMLIM=${kMegabytes}`, '-o', 'pan', 'pan.c']],
    ['./pan', [`-m${kDepth}`, '-w22']],
  ];
  let text = '';
  for (const [command, args] of steps) {
    const done = await output(command, args, folder);
    text = done.text;
    // Of a search the text tells more than the status.
    if (command !== './pan' && done.status !== 0) return { text };
  }
  const errors = /errors: (\d+)/.exec(text);
  const states = /(\d+) states, stored/.exec(text);
  const truncated = /max search depth too small|Search not completed|out of memory/i.test(text);
  if (!errors || !states) return { text };
  return { text, truncated, errors: Number(errors[1]), states: Number(states[1]) };
}

async function verify({ name }, shape) {
  const { text, truncated, errors, states } = await search(name, shape);
  const title = `model ${name}:`;
  const where = shape.length > 0 ? ` (${shape.join(' ')})` : '';
  if (errors === undefined) return [false, `${title} no result${where}\n${text}`];
  if (errors > 0 || truncated) {
    const why = errors > 0 ? `${errors} errors` : 'the search was truncated';
    return [false, `${title} ${states} states, ${why}${where}\n${text}`];
  }
  return [true, `${title} ${states} states, 0 errors${where}`];
}

/** A mutant may be beyond what one of the shapes can show, but not beyond all. */
async function refute({ name, shapes }, mutant) {
  for (const shape of shapes) {
    const { text, errors } = await search(name, [...shape, mutant]);
    if (errors === undefined) return [false, `mutant ${name} ${mutant}: no result\n${text}`];
    if (errors > 0) return [true, `mutant ${name} ${mutant}: caught`];
  }
  return [false, `mutant ${name} ${mutant}: NOT caught`];
}

function mutants({ name }) {
  const text = readFileSync(join(root, `models/${name}.pml`), 'utf8');
  return [...new Set(text.match(/\bMUTANT_\w+/g))];
}

const jobs = [
  ...models.flatMap((model) => model.shapes.map((shape) => () => verify(model, shape))),
  ...models.flatMap((model) => mutants(model).map((mutant) => () => refute(model, mutant))),
];
const results = jobs.map(() => undefined);
let next = 0;
let printed = 0;
let right = true;
async function worker() {
  while (next < jobs.length) {
    const index = next++;
    results[index] = await jobs[index]();
    // In the order of the jobs, whichever ends first.
    for (; results[printed]; printed++) {
      const [expected, line] = results[printed];
      console.log(line);
      right &&= expected;
    }
  }
}
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
process.exitCode = right ? 0 : 1;
