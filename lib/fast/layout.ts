// Made by `npm run layout` from core/src: do not change it here.
/** Where an object's words are, as indices of an Int32Array on its memory. */
export const IDENTITY = 0;
export const WORD = 4;
/** An owner's bits of a lock word; 0 in them is free. */
export const OWNER = 0x1fffffff;
/** Where a ring's words are. */
export const PRODUCERS = 16;
export const HEAD_SEEN = 17;
export const SEQUENCE = 18;
export const TAIL = 32;
export const CONSUMERS = 48;
export const TAIL_SEEN = 49;
export const HEAD = 64;
/** Where its records begin, in bytes. */
export const DATA = 4096;
/** Records begin at multiples of so many bytes, and so long is their header. */
export const UNIT = 16;
/** Where a record's words are, from its begin. */
export const STATE = 0;
export const LENGTH = 1;
export const NUMBER = 2;
export const EXTRA = 3;
/** Positions are modulo this and one; the bit above says that somebody waits. */
export const POSITIONS = 0x7fffffff;
/** States of a record that has no owner. */
export const READY = 0;
export const GONE = 1610612736;
/** Of EXTRA: what the sender gave with the message. */
export const TAG = 0xffff;
/** Of EXTRA: the tail does not tell that it is there as a whole, its state does. */
export const RESERVED = 0x80000000;
/** Where a latest value's version is, low half first. */
export const VERSION = 16;
/** Its places: how many, and where the first begins, in bytes. */
export const PLACES = 3;
export const FIRST_PLACE = 192;
/** Where a place's words are, from its begin. */
export const PLACE_VERSION = 0;
export const PLACE_LENGTH = 2;
export const PLACE_TAG = 3;
/** Where its bytes begin, from its begin. */
export const PLACE_DATA = 64;
