// A picture that one process draws and any number of others look at: the newest frame in shared
// memory, under a sequence number that is odd while it is being drawn (a seqlock).
import { SharedMemory } from 'crossmem';

const WIDTH = 640;
const HEIGHT = 480;
const HEADER = 8; // the sequence number, and room to keep pixels aligned

export function openFrames(name) {
  const memory = SharedMemory.openOrCreate(name, { size: HEADER + WIDTH * HEIGHT * 4 });
  const sequence = new Int32Array(memory.arrayBuffer, 0, 1);
  const pixels = new Uint32Array(memory.arrayBuffer, HEADER, WIDTH * HEIGHT);
  return {
    memory,
    draw(frame) {
      Atomics.add(sequence, 0, 1);
      pixels.fill(frame);
      Atomics.add(sequence, 0, 1);
    },
    /** Copies the newest frame into `target`; undefined while there is no new one, whole and still. */
    look(target, last) {
      const before = Atomics.load(sequence, 0);
      if (before === last || before % 2 === 1) return undefined;
      target.set(pixels);
      return Atomics.load(sequence, 0) === before ? before : undefined;
    },
    target: () => new Uint32Array(pixels.length),
    MiB: (pixels.byteLength / 2 ** 20).toFixed(1),
  };
}
