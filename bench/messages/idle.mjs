// What a process costs that awaits a message which does not come.
import { answer, end, start } from '../locks/helpers.mjs';
import { segmentName } from '../shared-memory/python.mjs';

const LIMIT = 0.1; // percent of a processor
const idler = new URL('idler.mjs', import.meta.url);

export async function compareIdle(quick) {
  const seconds = quick ? 3 : 10;
  const children = ['queue', 'nothing'].map((what) => start(idler, [what, segmentName(), seconds]));
  // At the same time: what else the machine does, and V8 after a start, is then the same for both.
  const [ours, theirs] = await Promise.all(children.map(answer));
  await Promise.all(children.map(end));
  return [
    {
      what: `CPU of a process that awaits receive(), ${seconds} s`,
      unit: '%',
      ours,
      against: 'one that awaits a timer only',
      theirs,
      target: `< ${LIMIT} % more`,
      met: ours - theirs < LIMIT,
    },
  ];
}
