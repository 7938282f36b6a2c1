// The steps of those who send to a ring: one message or many, seen by others in one exchange.
import type { BatchMemory } from './batch.js';
import {
  DATA,
  EXTRA,
  GONE,
  HEAD,
  HEAD_SEEN,
  IDENTITY,
  LENGTH,
  NUMBER,
  POSITIONS,
  PRODUCERS,
  READY,
  SEQUENCE,
  STATE,
  TAIL,
  UNIT,
} from './layout.js';
import {
  acquire,
  dataWords,
  type FastRing,
  mostAtOnce,
  mostSmall,
  mostUnits,
  release,
  unitsOf,
  unitWords,
} from './ring.js';

/** Writes a message's header. */
function head(words: Int32Array, at: number, length: number, sequence: number, tag: number) {
  words[at + STATE] = READY;
  words[at + LENGTH] = length;
  words[at + NUMBER] = sequence;
  words[at + EXTRA] = tag;
}

/** Fills what is left in front of the ring's end. */
function pad(words: Int32Array, at: number, units: number, sequence: number) {
  head(words, at, (units - 1) * UNIT, sequence, 0);
  words[at + STATE] = GONE;
}

/**
 * Copies a message of this length to this byte. Throws if it has more: another thread can make it
 * longer meanwhile, and a class of its own can say what it likes. A view of its room keeps it in; a
 * small one is copied through memory that has views for all lengths, because to make a view costs more.
 */
function put({ bytes, small, smalls }: FastRing, message: Uint8Array, length: number, at: number) {
  if (length > mostSmall) {
    bytes.subarray(at, at + length).set(message);
    return;
  }
  small.set(message);
  bytes.set(smalls[length] as Uint8Array, at);
}

/**
 * Sends messages from `begin` on as long as there is room, all of them in one step, if nobody else is
 * at it.
 */
export function sendMany(
  ring: FastRing,
  messages: readonly Uint8Array[],
  begin: number,
  tag: number,
): boolean {
  const { words, units, longest } = ring;
  ring.count = 0;
  if (!acquire(ring, PRODUCERS)) return false;
  let wakes = false;
  let tail = (words[TAIL] as number) & POSITIONS;
  const first = tail;
  let kept = words[HEAD_SEEN] as number;
  let sequence = words[SEQUENCE] as number;
  const most = words[IDENTITY] === ring.identity ? mostAtOnce : 0;
  const stop = Math.min(messages.length, begin + most);
  let i = begin;
  try {
    for (; i < stop; i += 1) {
      const message = messages[i] as Uint8Array;
      // Of a class of its own it may be anything.
      const length = message.length >>> 0;
      const needed = unitsOf(length);
      const index = tail & (units - 1);
      const padded = needed > units - index ? units - index : 0;
      if (((tail - kept) & POSITIONS) + padded + needed > units) {
        kept = Atomics.load(words, HEAD) & POSITIONS;
        words[HEAD_SEEN] = kept;
      }
      // Of a message half the ring at most: then it fits whatever the tail. Of many a few, so that
      // others have their turn.
      const isTooLong = length > longest || (i > begin && ((tail - first) & POSITIONS) > mostUnits);
      if (isTooLong || ((tail - kept) & POSITIONS) + padded + needed > units) break;
      if (padded !== 0) pad(words, dataWords + index * unitWords, padded, sequence);
      const record = dataWords + (padded === 0 ? index : 0) * unitWords;
      head(words, record, length, sequence, tag);
      put(ring, message, length, (record + unitWords) * 4);
      sequence = (sequence + 1) | 0;
      tail = (tail + padded + needed) & POSITIONS;
    }
  } catch {
    // No stack, or it is not what it says: nobody has seen it, and the core tells.
  }
  let done = false;
  try {
    if (tail !== first) {
      words[SEQUENCE] = sequence;
      wakes = Atomics.exchange(words, TAIL, tail) < 0;
      ring.count = i - begin;
      done = true;
    }
  } catch {
    // No stack: as before.
  }
  try {
    release(ring, PRODUCERS, wakes);
  } catch {
    // No stack: the core does it.
  }
  return done;
}

/**
 * The same for messages of a batch, which lie there as they are going to in the ring: as many as fit
 * in front of its end, copied at once.
 */
export function sendBatch(ring: FastRing, batch: BatchMemory, begin: number, tag: number): boolean {
  const { words, bytes, units, longest } = ring;
  const { lengths } = batch;
  ring.count = 0;
  if (!acquire(ring, PRODUCERS)) return false;
  let wakes = false;
  let done = false;
  try {
    const most = words[IDENTITY] === ring.identity ? mostAtOnce : 0;
    const stop = Math.min(batch.count, begin + most);
    const tail = (words[TAIL] as number) & POSITIONS;
    const index = tail & (units - 1);
    const needed = unitsOf(lengths[begin] as number);
    const padded = needed > units - index ? units - index : 0;
    let kept = words[HEAD_SEEN] as number;
    if (((tail - kept) & POSITIONS) + padded + needed > units) {
      kept = Atomics.load(words, HEAD) & POSITIONS;
      words[HEAD_SEEN] = kept;
    }
    const free = units - ((tail - kept) & POSITIONS) - padded;
    const room = padded === 0 ? Math.min(free, units - index) : free;
    const sequence = words[SEQUENCE] as number;
    const place = (batch.offsets[begin] as number) - UNIT;
    let taken = 0;
    let i = begin;
    for (; i < stop; i += 1) {
      const length = lengths[i] as number;
      const all = taken + unitsOf(length);
      if (length > longest || all > room || (i > begin && all > mostUnits)) break;
      head(batch.words, place / 4 + taken * unitWords, length, sequence + i - begin, tag);
      taken = all;
    }
    if (taken > 0) {
      const at = padded === 0 ? index : 0;
      bytes.set(batch.bytes.subarray(place, place + taken * UNIT), DATA + at * UNIT);
      if (padded !== 0) pad(words, dataWords + index * unitWords, padded, sequence);
      words[SEQUENCE] = sequence + i - begin;
      const after = (tail + padded + taken) & POSITIONS;
      wakes = Atomics.exchange(words, TAIL, after) < 0;
      done = true;
      ring.count = i - begin;
    }
  } catch {
    // No stack, or the batch's memory has been taken away: nobody has seen them, and the core tells.
  }
  try {
    release(ring, PRODUCERS, wakes);
  } catch {
    // No stack: the core does it.
  }
  return done;
}
