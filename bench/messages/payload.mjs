// What every contender does with each message, so that only the way between differs.
//
// Up to 64 bytes the sender writes a counter word by word into a buffer of its own, and the receiver
// copies the message into one of its own and sums its words. Longer ones are written and read by one
// memcpy each, with the counter in the first word: JavaScript's loops over them would cost several
// times the message and hide it.

export const LOOPED = 64;

export function makeWriter(size) {
  const words = new Int32Array(size / 4).map((_, i) => i);
  const bytes = new Uint8Array(words.buffer);
  const own = size <= LOOPED ? bytes : new Uint8Array(size);
  function count(counter) {
    if (size > LOOPED) {
      words[0] = counter;
      return;
    }
    for (let i = 0; i < words.length; i++) words[i] = counter + i;
  }
  return {
    size,
    /** A message that stays as it is until the next one is written. */
    write(counter) {
      count(counter);
      if (size > LOOPED) own.set(bytes);
      return own;
    },
    /** The same, into memory where it belongs. */
    writeInto(target, offset, counter) {
      count(counter);
      target.set(bytes, offset);
    },
    /** The same, of a short message, as words that begin there: nothing is called for it. */
    writeWords(target, begin, counter) {
      for (let i = 0; i < words.length; i++) target[begin + i] = counter + i;
    },
  };
}

export function makeReader(size) {
  const words = new Int32Array(size / 4);
  const bytes = new Uint8Array(words.buffer);
  let sum = 0;
  let times = 0;
  return {
    read(message) {
      bytes.set(message);
      times++;
      if (size > LOOPED) {
        sum = (sum + words[0]) | 0;
        return;
      }
      for (let i = 0; i < words.length; i++) sum = (sum + words[i]) | 0;
    },
    /** A short message where it lies. */
    readWords(source, begin) {
      times++;
      for (let i = 0; i < words.length; i++) sum = (sum + source[begin + i]) | 0;
    },
    /** Throws if it was not given each of the messages from 0 on once. */
    check() {
      const counted = size <= LOOPED ? words.length : 1;
      let expected = 0;
      for (let i = 0; i < times; i++) {
        expected = (expected + Math.imul(counted, i) + (counted * (counted - 1)) / 2) | 0;
      }
      if (sum !== expected) throw new Error(`messages of ${size} bytes were lost or damaged`);
    },
  };
}

/** How many messages may be on their way where nothing else limits them. */
export const windowOf = (size) => Math.max(4, Math.min(512, 2 ** 24 / size));
