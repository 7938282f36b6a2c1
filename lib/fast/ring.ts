// The steps of a ring that succeed at once, on the words that the core uses: everything else is the
// core's. A Node-API call for each message would cost several times the message.
//
// Plain loads and stores are of words that only the holder of the side's lock looks at, or of records
// that nobody sees yet, or nobody else looks at any more: the tail, the head and the locks are
// exchanged, which is sequentially consistent; the state of a record, which its producer may have
// just changed from claimed to ready, is loaded so too.
//
// While a lock is held no function of ours is called: at the end of the stack it would throw, and the
// lock stay with this process.
import {
  CONSUMERS,
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
  TAG,
  TAIL,
  TAIL_SEEN,
  UNIT,
} from './layout.js';

const dataWords = DATA / 4;
const unitWords = UNIT / 4;
/** No state that a record has. */
const NOTHING = -1;

/** What a step returns: whether it was done, and what is left to do for the core. */
export const DONE = 1;
export const WAKE = 2;
export const UNLOCK = 4;

/** A ring as JavaScript sees it. */
export class FastRing {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly me: number;
  readonly identity: number;
  /** Of its capacity. */
  readonly units: number;
  /** The message that {@link receive} got, and what its sender gave with it. */
  message: Uint8Array | undefined;
  tag = 0;

  constructor(memory: ArrayBuffer, me: number, capacity: number) {
    this.words = new Int32Array(memory);
    this.bytes = new Uint8Array(memory);
    this.me = me;
    this.identity = Atomics.load(this.words, IDENTITY);
    this.units = capacity / UNIT;
  }
}

/** Sends the message if there is room and nobody else is at it. */
export function send(ring: FastRing, message: Uint8Array, tag: number): number {
  const { words, units, me } = ring;
  const { length } = message;
  const needed = 1 + ((length + UNIT - 1) >>> 4);
  // Half of it: then it fits whatever the tail.
  if (needed > units >>> 1) return 0;
  if (Atomics.compareExchange(words, PRODUCERS, 0, me) !== 0) return 0;
  const tail = (words[TAIL] as number) & POSITIONS;
  const index = tail & (units - 1);
  const padded = needed > units - index ? units - index : 0;
  let used = (tail - (words[HEAD_SEEN] as number)) & POSITIONS;
  if (used + padded + needed > units) {
    const head = Atomics.load(words, HEAD) & POSITIONS;
    words[HEAD_SEEN] = head;
    used = (tail - head) & POSITIONS;
  }
  if (used + padded + needed > units || words[IDENTITY] !== ring.identity) {
    return Atomics.compareExchange(words, PRODUCERS, me, 0) === me ? 0 : UNLOCK;
  }
  const sequence = words[SEQUENCE] as number;
  if (padded !== 0) {
    const padding = dataWords + index * unitWords;
    words[padding + STATE] = GONE;
    words[padding + LENGTH] = (padded - 1) * UNIT;
    words[padding + NUMBER] = sequence;
    words[padding + EXTRA] = 0;
  }
  const at = padded === 0 ? index : 0;
  const record = dataWords + at * unitWords;
  words[record + STATE] = READY;
  words[record + LENGTH] = length;
  words[record + NUMBER] = sequence;
  words[record + EXTRA] = tag;
  try {
    ring.bytes.set(message, DATA + at * UNIT + UNIT);
  } catch {
    // No stack: nobody has seen it, and the core tells.
    return Atomics.compareExchange(words, PRODUCERS, me, 0) === me ? 0 : UNLOCK;
  }
  words[SEQUENCE] = sequence + 1;
  const before = Atomics.exchange(words, TAIL, (tail + padded + needed) & POSITIONS);
  const left = Atomics.compareExchange(words, PRODUCERS, me, 0) === me ? 0 : UNLOCK;
  return DONE + (before < 0 ? WAKE : 0) + left;
}

/** Whether there is nothing to receive, as far as it can be told without the lock. */
export function isEmpty({ words, identity }: FastRing): boolean {
  return (
    (Atomics.load(words, TAIL) & POSITIONS) === (Atomics.load(words, HEAD) & POSITIONS) &&
    words[IDENTITY] === identity
  );
}

/** Receives the first message, if it is ready and nobody else is at it, into `ring.message`. */
export function receive(ring: FastRing): number {
  const { words, units, me } = ring;
  if (Atomics.compareExchange(words, CONSUMERS, 0, me) !== 0) return 0;
  const begin = (words[HEAD] as number) & POSITIONS;
  let head = begin;
  let end = (words[TAIL_SEEN] as number) & POSITIONS;
  let state = GONE;
  let length = 0;
  let record = 0;
  let next = head;
  // What fills the ring's end is passed by.
  while (state === GONE) {
    head = next;
    if (head === end) {
      end = Atomics.load(words, TAIL) & POSITIONS;
      words[TAIL_SEEN] = end;
    }
    const index = head & (units - 1);
    record = dataWords + index * unitWords;
    state = Atomics.load(words, record + STATE);
    length = words[record + LENGTH] as number;
    const taken = 1 + ((length + UNIT - 1) >>> 4);
    const rest = (end - head) & POSITIONS;
    const kept = (end - begin) & POSITIONS;
    // Nothing there, or nothing that could be, as an end that was put back: the core tells.
    if (kept > units || rest > kept || length < 0 || length > units * UNIT) state = NOTHING;
    else if (taken > rest || taken > units - index) state = NOTHING;
    next = (head + taken) & POSITIONS;
  }
  if (state !== READY || words[IDENTITY] !== ring.identity) {
    return Atomics.compareExchange(words, CONSUMERS, me, 0) === me ? 0 : UNLOCK;
  }
  const at = record * 4 + UNIT;
  try {
    ring.message = ring.bytes.slice(at, at + length);
  } catch {
    // No memory, or no stack: it stays where it is, and the core tells.
    return Atomics.compareExchange(words, CONSUMERS, me, 0) === me ? 0 : UNLOCK;
  }
  ring.tag = (words[record + EXTRA] as number) & TAG;
  const before = Atomics.exchange(words, HEAD, next);
  const left = Atomics.compareExchange(words, CONSUMERS, me, 0) === me ? 0 : UNLOCK;
  return DONE + (before < 0 ? WAKE : 0) + left;
}
