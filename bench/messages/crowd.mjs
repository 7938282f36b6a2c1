// Several who send and several who receive at one queue, all the time.
import { Queue } from 'crossmem';
import { median } from '../interleave.mjs';
import { answer, end, start } from '../locks/helpers.mjs';
import { segmentName } from '../shared-memory/python.mjs';

const crowds = [1, 2, 4].flatMap((producers) =>
  [1, 2, 4].map((consumers) => [producers, consumers]),
);
const member = new URL('crowd-member.mjs', import.meta.url);

/** How many messages arrived, per millisecond. */
async function rate(producers, consumers, milliseconds) {
  const name = segmentName();
  const queue = Queue.open(name);
  const begin = (role) => start(member, [role, name, milliseconds]);
  try {
    const children = [
      ...Array.from({ length: consumers }, () => begin('receive')),
      ...Array.from({ length: producers }, () => begin('send')),
    ];
    await Promise.all(children.map(answer));
    const answers = children.map(answer);
    for (const child of children) child.send('go');
    const counts = await Promise.all(answers);
    await Promise.all(children.map(end));
    const received = counts.slice(0, consumers).reduce((all, count) => all + count, 0);
    return received / milliseconds;
  } finally {
    queue.close();
    Queue.unlink(name);
  }
}

export async function compareCrowds(rounds, quick) {
  const rates = new Map(crowds.map((crowd) => [crowd, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [[producers, consumers], all] of rates) {
      all.push(await rate(producers, consumers, quick ? 200 : 500));
    }
  }
  const [alone] = crowds;
  return crowds.map((crowd) => {
    const ours = median(rates.get(crowd));
    const theirs = median(rates.get(alone));
    return {
      what: `64 B: ${crowd[0]} send, ${crowd[1]} receive`,
      unit: '1000/s',
      ours,
      against: '1 sends, 1 receives',
      theirs,
      ratio: ours / theirs,
    };
  });
}
