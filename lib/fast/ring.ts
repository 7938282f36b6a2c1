// A ring as JavaScript sees it: the words that the core uses, and how its steps in send.ts and
// receive.ts may touch them. They are those that succeed at once: everything else is the core's. A
// Node-API call for each message would cost several times the message.
//
// Plain loads and stores are of words that only the holder of the side's lock looks at, or of records
// that nobody sees yet, or nobody else looks at any more, or are guesses of who has no lock, which he
// makes again with it: the tail, the head and the locks are exchanged, which is sequentially
// consistent; the tail, and the state of a record, which its producer may have just changed from
// claimed to ready, are loaded so too. An atomic load is a call, for V8, and costs that of a small copy.
//
// While a lock is held, every call may throw at the end of the stack, of ours and of builtins: until it
// is let go, `holds` and `owes` say what the next step has the core do. Nothing is thrown any more once
// others see what was done.
import { DATA, HEAD, IDENTITY, POSITIONS, TAIL, TAIL_SEEN, UNIT } from './layout.js';

/** Where the records begin, and how long their headers are, in words. */
export const dataWords = DATA / 4;
export const unitWords = UNIT / 4;

/** What a step leaves to the core. */
export const WAKE = 1;
export const UNLOCK = 2;

/** How many messages go through at once at most, and how many units of a ring. */
export const mostAtOnce = 512;
export const mostUnits = 65_536 / UNIT;

/** Units of a cache line. */
export const lineUnits = 64 / UNIT;

/** Bytes of a small message: to make an array for it, or a view of it, costs more than to copy it. */
export const mostSmall = 64;

/** How many units a message takes. */
export const unitsOf = (length: number): number => 1 + ((length + UNIT - 1) >>> 4);

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
  /** Whose step has left something to the core: 0, {@link PRODUCERS} or {@link CONSUMERS}; and what. */
  holds = 0;
  owes = 0;
  /** How many messages {@link sendMany} has sent, or {@link receiveMany} received. */
  count = 0;
  /** What {@link receive} or {@link receiveMany} got: that has records, one behind the other. */
  received: Uint8Array | undefined;
  /** What the sender gave with the message that {@link receive} got. */
  tag = 0;
  /** Read for its cache line only. */
  ahead = 0;
  /** Where the next message goes that shares a slab. */
  slab = new ArrayBuffer(0);
  used = 0;
  /** Of those that {@link receiveMany} got. */
  readonly told = { offsets: [] as number[], lengths: [] as number[], count: 0, used: 0 };
  readonly tags: number[] = [];

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
 * Whether there is nothing to receive, as far as it can be told without the lock. The tail is looked
 * at only when all that was known is received: whoever sends has to fetch its line back.
 */
export function isEmpty({ words, identity }: FastRing): boolean {
  const head = (words[HEAD] as number) & POSITIONS;
  return (
    ((words[TAIL_SEEN] as number) & POSITIONS) === head &&
    (Atomics.load(words, TAIL) & POSITIONS) === head &&
    words[IDENTITY] === identity
  );
}

/** Whether somebody sleeps until there is something to receive. */
export const isAwaited = ({ words }: FastRing): boolean => (words[TAIL] as number) < 0;

/** Takes the lock of one side, if it is free. All that it then has to do is owed until it is done. */
export function acquire(ring: FastRing, lock: number): boolean {
  if (Atomics.compareExchange(ring.words, lock, 0, ring.me) !== 0) return false;
  ring.holds = lock;
  ring.owes = UNLOCK | WAKE;
  return true;
}

/** Lets it go, and notes what is left to the core: somebody waits for the lock, or sleeps. */
export function release(ring: FastRing, lock: number, wakes: boolean): void {
  const isFree = Atomics.compareExchange(ring.words, lock, ring.me, 0) === ring.me;
  ring.owes = (isFree ? 0 : UNLOCK) | (wakes ? WAKE : 0);
  if (ring.owes === 0) ring.holds = 0;
}
