// The steps of a mutex that succeed at once, on the words that the core uses: everything else is the
// core's. A tenth of what the call would cost.
import { IDENTITY, WORD } from './layout.js';

/** Sequentially consistent, as all of Atomics: what the holder before has stored is seen. */
export function tryLock(words: Int32Array, me: number): boolean {
  return Atomics.compareExchange(words, WORD, 0, me) === 0;
}

/** False if somebody waits, starves or has died: then nothing has changed. */
export function tryUnlock(words: Int32Array, me: number): boolean {
  return Atomics.compareExchange(words, WORD, me, 0) === me;
}

/** False once the mapping under it was closed, resized or cut: then its memory is nobody else's. */
export function isThere(words: Int32Array, identity: number): boolean {
  return Atomics.load(words, IDENTITY) === identity;
}

export const identityOf = (words: Int32Array): number => Atomics.load(words, IDENTITY);
