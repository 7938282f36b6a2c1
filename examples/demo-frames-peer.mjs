// One of the second scene's processes: draws frames, or looks at them, until it is told to stop.
import { openFrames } from './frames.mjs';

const [role, name] = process.argv.slice(2);
const frames = openFrames(name);
const target = frames.target();
let count = 0;
let torn = 0;
let last = 0;

function turn() {
  if (role === 'writer') frames.draw(++count);
  else {
    const seen = frames.look(target, last);
    if (seen === undefined) return;
    last = seen;
    count++;
    if (!target.every((pixel) => pixel === target[0])) torn++;
  }
}

const timer = setInterval(turn, 2);
process.on('message', (message) => {
  process.send({ role, count, torn });
  if (message !== 'stop') return;
  clearInterval(timer);
  frames.memory.close();
  process.disconnect();
});
process.send('ready');
