// As many messages as go from one process to the other, at each size.
import { median } from '../interleave.mjs';
import { atMost, faster, share } from '../report.mjs';
import { natives, others, sizeName, sizes, ways } from './names.mjs';
import { native } from './native.mjs';

/** Where each begins; then it is given as many as fill its time. */
const FIRST = 1000;
const BYTES_FIRST = 2 ** 23;

/** What a memcpy of as many bytes costs, within one process. */
function copyTime(size, milliseconds) {
  const source = Buffer.alloc(size, 1);
  const target = Buffer.alloc(size, 2);
  const begin = performance.now();
  let times = 0;
  let now = begin;
  for (; now - begin < milliseconds; times += 16) {
    for (let i = 0; i < 16; i++) source.copy(target);
    now = performance.now();
  }
  return ((now - begin) * 1000) / times;
}

/** Microseconds for one message of each contender, by its name, in all rounds. */
async function measure(pairs, size, rounds, milliseconds) {
  const contenders = new Map();
  for (const how of pairs.hows.filter((one) => one in ways || one in others)) {
    contenders.set(how, async (times) => {
      const warm = Math.ceil(times / 10);
      return ((await pairs.ask(how, { kind: 'stream', size, warm, times })) * 1000) / times;
    });
  }
  for (const who of ['ring', 'queue', ...(size === 2 ** 20 ? ['place'] : [])]) {
    contenders.set(`native ${who}`, (times) => native('stream', who, size, times));
  }
  contenders.set('copy', () => copyTime(size, milliseconds));
  const all = new Map([...contenders.keys()].map((how) => [how, []]));
  const times = new Map();
  // Two rounds that do not count: one to learn how many fill the time, and V8's own.
  for (let round = -2; round < rounds; round++) {
    for (const [how, contender] of contenders) {
      const first = Math.max(Math.min(FIRST, BYTES_FIRST / size), 4);
      const figure = await contender(times.get(how) ?? first);
      times.set(how, Math.max(Math.ceil((milliseconds * 1000) / figure), 4));
      if (round >= 0) all.get(how).push(figure);
    }
  }
  return all;
}

const atSmall = { json: 50, socket: 20, zeromq: 20 };
const atLarge = { socket: 5 };

function rowsOf(size, all) {
  const time = (how) => median(all.get(how));
  const small = size === 64;
  const large = size === 2 ** 20;
  const [unit, factor] = size <= 1024 ? ['ns', 1000] : ['us', 1];
  const hows = Object.keys(ways).filter((how) => all.has(how));
  const best = hows.reduce((least, how) => (time(how) < time(least) ? how : least));
  const what = (how) => `${sizeName(size)} one way: ${ways[how]}`;
  const row = (kind, how, against, other, target) =>
    kind(what(how), unit, time(how) * factor, against, time(other) * factor, target);
  const rows = [];
  for (const how of hows) {
    const limit = small && how === best ? 2 : undefined;
    rows.push(row(atMost, how, natives.queue, 'native queue', limit));
    if (how === best) rows.push(row(atMost, how, natives.ring, 'native ring', limit));
  }
  for (const other of Object.keys(others).filter((how) => all.has(how))) {
    const target = (small ? atSmall : large ? atLarge : {})[other];
    rows.push(row(faster, best, others[other], other, target));
  }
  if (large) {
    for (const how of ['tried', 'inPlace']) {
      const target = how === 'inPlace' ? 0.6 : undefined;
      rows.push(row(share, how, 'one memcpy, as each side makes', 'copy', target));
    }
    rows.push(row(atMost, 'inPlace', natives.place, 'native place'));
  }
  const second = (how) => 1e6 / time(how);
  rows.push({
    what: `${what(best)}, throughput`,
    unit: '1/s',
    ours: second(best),
    against: others.socket,
    theirs: second('socket'),
    ratio: second(best) / second('socket'),
  });
  return rows;
}

export async function compareOneWay(pairs, rounds, quick) {
  const rows = [];
  for (const size of sizes) {
    const all = await measure(pairs, size, rounds, quick ? 60 : 150);
    rows.push(...rowsOf(size, all));
  }
  return rows;
}
