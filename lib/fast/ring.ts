// The steps of a ring that succeed at once, on the words that the core uses: everything else is the
// core's. A Node-API call for each message would cost several times the message.
//
// Plain loads and stores are of words that only the holder of the side's lock looks at, or of records
// that nobody sees yet, or nobody else looks at any more: the tail, the head and the locks are
// exchanged, which is sequentially consistent; the state of a record, which its producer may have
// just changed from claimed to ready, is loaded so too.
//
// While a lock is held no function of ours is called but where what it throws is caught: it would at
// the end of the stack, and the lock stay with this process. Should anything throw there all the same,
// `holds` tells.
import { markAsUntransferable } from 'node:worker_threads';
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

/** How many messages go through at once at most, and how many units of a ring. */
export const mostAtOnce = 512;
const mostUnits = 65_536 / UNIT;

/**
 * V8 makes small arrays for some 40 ns, and all others for ten times that; so those up to `mostShared`
 * bytes share a slab, as small Buffers do, and longer ones are not filled with zeroes first.
 */
const mostSmall = 64;
const mostShared = 4096;
const slabSize = 65_536;

/** Memory that nobody has written to, for messages that are going to fill it. */
function makeSlab(size: number): ArrayBuffer {
  const slab = Buffer.allocUnsafeSlow(size).buffer;
  // Who transfers one message to another thread would take all others along.
  if (size === slabSize) markAsUntransferable(slab);
  return slab;
}

/** A ring as JavaScript sees it. */
export class FastRing {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** Where small messages pass through. */
  readonly small = new Uint8Array(mostSmall);
  /** Its first bytes: so many of them. */
  readonly smalls = Array.from({ length: mostSmall + 1 }, (_, i) => this.small.subarray(0, i));
  readonly me: number;
  readonly identity: number;
  /** Of its capacity. */
  readonly units: number;
  /** Bytes of a message: half the ring at most. */
  readonly longest: number;
  /** The lock that a step has got and not let go: 0, {@link PRODUCERS} or {@link CONSUMERS}. */
  holds = 0;
  /** How many messages {@link sendMany} has sent, or {@link receiveMany} received. */
  count = 0;
  /** What {@link receive} or {@link receiveMany} got: that has records, one behind the other. */
  received: Uint8Array | undefined;
  /** What the sender gave with the message that {@link receive} got. */
  tag = 0;
  /** Where the next message goes that shares a slab. */
  slab = new ArrayBuffer(0);
  used = 0;
  /** Of those that {@link receiveMany} got. */
  readonly lengths = new Int32Array(mostAtOnce);
  readonly tags = new Int32Array(mostAtOnce);

  constructor(memory: ArrayBuffer, me: number, capacity: number) {
    this.words = new Int32Array(memory);
    this.bytes = new Uint8Array(memory);
    this.me = me;
    this.identity = Atomics.load(this.words, IDENTITY);
    this.units = capacity / UNIT;
    this.longest = capacity / 2 - UNIT;
  }
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
): number {
  const { words, units, longest, me } = ring;
  ring.count = 0;
  if (Atomics.compareExchange(words, PRODUCERS, 0, me) !== 0) return 0;
  ring.holds = PRODUCERS;
  let tail = (words[TAIL] as number) & POSITIONS;
  const first = tail;
  let head = words[HEAD_SEEN] as number;
  let sequence = words[SEQUENCE] as number;
  const most = words[IDENTITY] === ring.identity ? mostAtOnce : 0;
  const stop = Math.min(messages.length, begin + most);
  let i = begin;
  try {
    for (; i < stop; i += 1) {
      const message = messages[i] as Uint8Array;
      // Of a class of its own it may be anything.
      const length = message.length >>> 0;
      const needed = 1 + ((length + UNIT - 1) >>> 4);
      const index = tail & (units - 1);
      const padded = needed > units - index ? units - index : 0;
      if (((tail - head) & POSITIONS) + padded + needed > units) {
        head = Atomics.load(words, HEAD) & POSITIONS;
        words[HEAD_SEEN] = head;
      }
      // Of a message half the ring at most: then it fits whatever the tail. Of many a few, so that
      // others have their turn.
      const isTooLong = length > longest || (i > begin && ((tail - first) & POSITIONS) > mostUnits);
      if (isTooLong || ((tail - head) & POSITIONS) + padded + needed > units) break;
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
      put(ring, message, length, (record + unitWords) * 4);
      sequence = (sequence + 1) | 0;
      tail = (tail + padded + needed) & POSITIONS;
    }
  } catch {
    // No stack, or it is not what it says: nobody has seen it, and the core tells.
  }
  ring.count = i - begin;
  let how = 0;
  if (tail !== first) {
    words[SEQUENCE] = sequence;
    how = Atomics.exchange(words, TAIL, tail) < 0 ? DONE + WAKE : DONE;
  }
  ring.holds = 0;
  return Atomics.compareExchange(words, PRODUCERS, me, 0) === me ? how : how + UNLOCK;
}

/**
 * Whether there is nothing to receive, as far as it can be told without the lock. The tail is looked
 * at only when all that was known is received: whoever sends has to fetch its line back.
 */
export function isEmpty({ words, identity }: FastRing): boolean {
  const head = Atomics.load(words, HEAD) & POSITIONS;
  return (
    ((words[TAIL_SEEN] as number) & POSITIONS) === head &&
    (Atomics.load(words, TAIL) & POSITIONS) === head &&
    words[IDENTITY] === identity
  );
}

/** Receives the first message, if it is ready and nobody else is at it, into `ring.received`. */
export function receive(ring: FastRing): number {
  const { words, bytes, units, me } = ring;
  if (ring.used + mostShared > ring.slab.byteLength) {
    ring.slab = makeSlab(slabSize);
    ring.used = 0;
  }
  if (Atomics.compareExchange(words, CONSUMERS, 0, me) !== 0) return 0;
  ring.holds = CONSUMERS;
  let how = 0;
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
  if (state === READY && words[IDENTITY] === ring.identity) {
    const at = record * 4 + UNIT;
    try {
      if (length <= mostSmall) {
        ring.received = bytes.slice(at, at + length);
      } else {
        const isShared = length <= mostShared;
        const memory = isShared ? ring.slab : makeSlab(length);
        ring.received = new Uint8Array(memory, isShared ? ring.used : 0, length);
        ring.received.set(bytes.subarray(at, at + length));
        if (isShared) ring.used += (length + UNIT - 1) & -UNIT;
      }
      ring.tag = (words[record + EXTRA] as number) & TAG;
      how = Atomics.exchange(words, HEAD, next) < 0 ? DONE + WAKE : DONE;
    } catch {
      // No memory, or no stack: it stays where it is, and the core tells.
    }
  }
  ring.holds = 0;
  return Atomics.compareExchange(words, CONSUMERS, me, 0) === me ? how : how + UNLOCK;
}

/**
 * Receives up to so many messages that are ready one behind the other, in one step, if nobody else is
 * at it. None may mean that the first needs the core, or {@link receive}.
 */
export function receiveMany(ring: FastRing, most: number): number {
  const { words, units, me, lengths, tags } = ring;
  ring.count = 0;
  if (Atomics.compareExchange(words, CONSUMERS, 0, me) !== 0) return 0;
  ring.holds = CONSUMERS;
  let how = 0;
  const begin = (words[HEAD] as number) & POSITIONS;
  const end = Atomics.load(words, TAIL) & POSITIONS;
  words[TAIL_SEEN] = end;
  const kept = (end - begin) & POSITIONS;
  const first = begin & (units - 1);
  const stop = kept > units ? first : Math.min(first + Math.min(kept, mostUnits), units);
  let at = first;
  let count = 0;
  while (at < stop && count < most && count < mostAtOnce) {
    const record = dataWords + at * unitWords;
    const state = Atomics.load(words, record + STATE);
    const length = words[record + LENGTH] as number;
    const next = at + 1 + ((length + UNIT - 1) >>> 4);
    if (state !== READY || length < 0 || next > stop) break;
    lengths[count] = length;
    tags[count] = (words[record + EXTRA] as number) & TAG;
    count += 1;
    at = next;
  }
  if (count > 0 && words[IDENTITY] === ring.identity) {
    try {
      ring.received = ring.bytes.slice(DATA + first * UNIT, DATA + at * UNIT);
      how =
        Atomics.exchange(words, HEAD, (begin + at - first) & POSITIONS) < 0 ? DONE + WAKE : DONE;
      ring.count = count;
    } catch {
      // No memory, or no stack: they stay where they are.
    }
  }
  ring.holds = 0;
  return Atomics.compareExchange(words, CONSUMERS, me, 0) === me ? how : how + UNLOCK;
}
