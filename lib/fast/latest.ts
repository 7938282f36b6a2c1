// The newest value of a Latest, read on the words that the core uses: what does not succeed at once
// is the core's.
//
// The bytes are read by plain loads while a writer may be overwriting them: what comes of it may be
// torn, which is allowed, and found out. Whoever overwrites a place exchanges its version first; a
// reader exchanges it last, for what it was (`Atomics.add` of 0). If his exchange still finds the
// version that he began with, it came before the writer's, and all that he has read before what the
// writer has written: a load alone would not order that, on ARM.
import {
  FIRST_PLACE,
  IDENTITY,
  PLACE_DATA,
  PLACE_LENGTH,
  PLACE_TAG,
  PLACE_VERSION,
  PLACES,
  TAG,
  VERSION,
} from './layout.js';

/** What a look finds: that no value was ever set, a value, or something for the core to tell. */
export const NONE = 0;
export const FOUND = 1;
export const UNSURE = 2;

/** A Latest as JavaScript sees it, and what was found there last. */
export class FastLatest {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly identity: number;
  readonly longest: number;
  /** Where the places begin, as indices of {@link words}. */
  readonly places: readonly number[];
  /** The halves of the version that was found, its place, and what is there. */
  low = 0;
  high = 0;
  place = 0;
  length = 0;
  tag = 0;
  /** What {@link get} got. */
  value: Uint8Array | undefined;

  constructor(memory: ArrayBuffer, longest: number) {
    this.words = new Int32Array(memory);
    this.bytes = new Uint8Array(memory);
    this.identity = Atomics.load(this.words, IDENTITY);
    this.longest = longest;
    const stride = (memory.byteLength - FIRST_PLACE) / PLACES;
    this.places = Array.from({ length: PLACES }, (_, i) => (FIRST_PLACE + i * stride) / 4);
  }

  get version(): number {
    return toVersion(this.low, this.high);
  }
}

const toVersion = (low: number, high: number): number => (high >>> 0) * 2 ** 32 + (low >>> 0);

/** What is newest now, not looked at more closely. */
function find(latest: FastLatest): number {
  const { words } = latest;
  // The low half first: between 0 and 2^32 there is no moment when it seems to be 0 again. If the
  // two are not of one version, no place has that.
  const low = Atomics.load(words, VERSION);
  const high = Atomics.load(words, VERSION + 1);
  if (low === 0 && high === 0) return words[IDENTITY] === latest.identity ? NONE : UNSURE;
  latest.low = low;
  latest.high = high;
  // 2^32 is one more than a multiple of three.
  latest.place = latest.places[((low >>> 0) + (high >>> 0)) % PLACES] as number;
  latest.length = Atomics.load(words, latest.place + PLACE_LENGTH);
  latest.tag = Atomics.load(words, latest.place + PLACE_TAG) & TAG;
  return latest.length >= 0 && latest.length <= latest.longest ? FOUND : UNSURE;
}

/** Whether nobody has begun to overwrite what has this version there. */
export function isStill(latest: FastLatest, place: number, low: number, high: number): boolean {
  const { words } = latest;
  return (
    Atomics.add(words, place + PLACE_VERSION, 0) === low &&
    Atomics.load(words, place + PLACE_VERSION + 1) === high &&
    words[IDENTITY] === latest.identity
  );
}

/** Where the value's bytes are that was found last. */
export const offsetOf = ({ place }: FastLatest): number => place * 4 + PLACE_DATA;

/** Copies the newest value into `latest.value`. */
export function get(latest: FastLatest): number {
  const found = find(latest);
  if (found !== FOUND) return found;
  const begin = offsetOf(latest);
  try {
    latest.value = latest.bytes.slice(begin, begin + latest.length);
  } catch {
    // No memory: the core tells.
    return UNSURE;
  }
  return isStill(latest, latest.place, latest.low, latest.high) ? FOUND : UNSURE;
}

/** Finds the newest value where it is. */
export function look(latest: FastLatest): number {
  const found = find(latest);
  if (found !== FOUND) return found;
  return isStill(latest, latest.place, latest.low, latest.high) ? FOUND : UNSURE;
}

/** The newest version; undefined if the core is to tell. */
export function versionOf({ words, identity }: FastLatest): number | undefined {
  const before = Atomics.load(words, VERSION + 1);
  const low = Atomics.load(words, VERSION);
  const high = Atomics.load(words, VERSION + 1);
  return before === high && words[IDENTITY] === identity ? toVersion(low, high) : undefined;
}
