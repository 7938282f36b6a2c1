// The least that a round trip can be: two words in shared memory, at which both sides look all the time.
import { SharedMemory } from 'crossmem';

const WORDS = 1024; // a page: no word of one side shares a cache line with the other's
const GIVE_UP = 2 ** 30; // looks, some seconds: who spins is not told that the other side is gone

export async function atomics({ side, name }) {
  const memory = SharedMemory.openOrCreate(name, { size: WORDS * 8 });
  const { buffer, byteOffset } = memory.buffer;
  const words = new Int32Array(buffer, byteOffset, WORDS * 2);
  const mine = side * WORDS;
  const theirs = (1 - side) * WORDS;
  let sent = 0;
  let received = 0;
  return {
    sendSync() {
      sent++;
      Atomics.store(words, theirs, sent);
    },
    receiveSync() {
      received++;
      for (let looks = 0; Atomics.load(words, mine) !== received; looks++) {
        if (looks === GIVE_UP) throw new Error('the other side is gone');
      }
    },
    close: () => memory.close(),
  };
}
