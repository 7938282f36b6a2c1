// The steps of those who receive from a ring: one message, or those that are ready behind it.
import { markAsUntransferable } from 'node:worker_threads';
import type { BatchMemory } from './batch.js';
import {
  CONSUMERS,
  DATA,
  EXTRA,
  GONE,
  HEAD,
  IDENTITY,
  LENGTH,
  POSITIONS,
  READY,
  RESERVED,
  STATE,
  TAG,
  TAIL,
  TAIL_SEEN,
  UNIT,
} from './layout.js';
import {
  acquire,
  dataWords,
  type FastRing,
  lineUnits,
  mostAtOnce,
  mostSmall,
  mostUnits,
  release,
  unitsOf,
  unitWords,
} from './ring.js';

/** No state that a record has. */
const NOTHING = -1;

/**
 * V8 makes small arrays for some 40 ns, and all others for ten times that; so those up to `mostShared`
 * bytes share a slab, as small Buffers do, and longer ones are not filled with zeroes first.
 */
const mostShared = 4096;
const slabSize = 65_536;

/** Memory that nobody has written to, for messages that are going to fill it. */
function makeSlab(size: number): ArrayBuffer {
  const slab = Buffer.allocUnsafeSlow(size).buffer;
  // Who transfers one message to another thread would take all others along.
  if (size === slabSize) markAsUntransferable(slab);
  return slab;
}

/**
 * The state of a record that the tail has passed. The tail was loaded atomically, so all is seen that
 * was there when it was moved; but what was reserved has become ready later.
 */
function stateOf(words: Int32Array, record: number, extra: number): number {
  return (extra & RESERVED) === 0
    ? (words[record + STATE] as number)
    : Atomics.load(words, record + STATE);
}

/** Receives the first message, if it is ready and nobody else is at it, into `ring.received`. */
export function receive(ring: FastRing): boolean {
  const { words, bytes, units } = ring;
  if (ring.used + mostShared > ring.slab.byteLength) {
    ring.slab = makeSlab(slabSize);
    ring.used = 0;
  }
  if (!acquire(ring, CONSUMERS)) return false;
  let wakes = false;
  let done = false;
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
    // A message of some length reaches into the next cache line: both are fetched at once so.
    ring.ahead = words[dataWords + ((index + lineUnits) & (units - 1)) * unitWords] as number;
    const extra = words[record + EXTRA] as number;
    ring.tag = extra & TAG;
    state = stateOf(words, record, extra);
    length = words[record + LENGTH] as number;
    const taken = unitsOf(length);
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
      wakes = Atomics.exchange(words, HEAD, next) < 0;
      done = true;
    } catch {
      // No memory, or no stack: it stays where it is, and the core tells.
    }
  }
  try {
    release(ring, CONSUMERS, wakes);
  } catch {
    // No stack: the core does it.
  }
  return done;
}

export const anyTag = -1;
/** Which tags are taken: this one or {@link anyTag}, but never the other. */
export interface Accept {
  readonly only: number;
  readonly never: number;
}
const all: Accept = { only: anyTag, never: -1 };

/** Where messages are told: their bytes in the copy of them, how long they are, and their tags. */
export interface Told {
  readonly offsets: number[];
  readonly lengths: number[];
  /** How many were told before, and where the copy of the next record begins. */
  count: number;
  used: number;
}

/**
 * Tells of the messages that are ready one behind the other, in front of the ring's end: up to so many,
 * of so many units in all. Returns how many units they take; how many they are is in `ring`. With the
 * lock.
 */
function look(ring: FastRing, most: number, room: number, accept: Accept, told: Told): number {
  const { words, units, tags } = ring;
  const { offsets, lengths, count: before, used } = told;
  const begin = (words[HEAD] as number) & POSITIONS;
  const end = Atomics.load(words, TAIL) & POSITIONS;
  words[TAIL_SEEN] = end;
  const kept = (end - begin) & POSITIONS;
  const first = begin & (units - 1);
  const stop = kept > units ? first : Math.min(first + Math.min(kept, room), units);
  const last = words[IDENTITY] === ring.identity ? Math.min(most, mostAtOnce) : 0;
  let at = first;
  let count = 0;
  while (at < stop && count < last) {
    const record = dataWords + at * unitWords;
    const extra = words[record + EXTRA] as number;
    const state = stateOf(words, record, extra);
    const length = words[record + LENGTH] as number;
    const next = at + unitsOf(length);
    if (state !== READY || length < 0 || next > stop) break;
    const tag = extra & TAG;
    if (tag === accept.never || (accept.only !== anyTag && tag !== accept.only)) break;
    offsets[before + count] = used + (at - first) * UNIT + UNIT;
    lengths[before + count] = length;
    tags[count] = tag;
    count += 1;
    at = next;
  }
  ring.count = count;
  return at - first;
}

/**
 * Receives up to so many messages that are ready one behind the other, in one step, if nobody else is
 * at it: into `batch`, as many as it has room for, or into memory of their own. None may mean that the
 * first needs the core, or {@link receive}.
 */
export function receiveMany(
  ring: FastRing,
  most: number,
  batch?: BatchMemory,
  accept = all,
): boolean {
  const { words, bytes, units } = ring;
  ring.count = 0;
  if (!acquire(ring, CONSUMERS)) return false;
  let wakes = false;
  let done = false;
  try {
    const room = batch === undefined ? mostUnits : (batch.bytes.length - batch.used) / UNIT;
    const taken = look(ring, most, Math.min(room, mostUnits), accept, batch ?? ring.told);
    if (taken > 0) {
      const begin = (words[HEAD] as number) & POSITIONS;
      const from = DATA + (begin & (units - 1)) * UNIT;
      const to = from + taken * UNIT;
      if (batch === undefined) ring.received = bytes.slice(from, to);
      else batch.bytes.set(bytes.subarray(from, to), batch.used);
      const head = (begin + taken) & POSITIONS;
      wakes = Atomics.exchange(words, HEAD, head) < 0;
      done = true;
      if (batch !== undefined) {
        batch.count += ring.count;
        batch.used += taken * UNIT;
      }
    }
  } catch {
    // No memory, or no stack: they stay where they are.
    ring.count = 0;
  }
  try {
    release(ring, CONSUMERS, wakes);
  } catch {
    // No stack: the core does it.
  }
  return done;
}
