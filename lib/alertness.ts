// Alertness: for how long an event loop that waits looks before it sleeps.
import { addon } from './native.js';

/**
 * A wake costs twenty looks and more, so it looks for as long as that has been worth it lately. A wait
 * that was over before `most` milliseconds had better been spent looking: twice as long, then; half as
 * long after a longer one. Looking counts as waiting: where it keeps the other side from running,
 * because there are not enough processors, waits get longer, and it ends.
 *
 * Only what flows is looked for: so long after the last message the other side is asleep, too, and
 * wakes sooner where nobody looks.
 */
const most = 0.25;
const least = 0.05;
const flowing = 1;
/** After so long who is waited for may be waiting for this processor; one that has its own is quicker. */
const polite = 0.01;

export class Alertness {
  #span = 0;
  /** When the last message came. */
  #last = Number.NEGATIVE_INFINITY;
  /** When the first look was in vain. */
  #begin: number | undefined;

  /** A sleep is over, and nothing was learnt from it yet. */
  #isWoken = false;
  /** Something has come since. */
  #hasCome = false;

  /** Something has come. */
  renew(): void {
    this.#hasCome = true;
    if (this.#isWoken) return;
    this.#last = performance.now();
    this.#begin = undefined;
  }

  /** After a look in vain: whether to look again in the next turn of the event loop. */
  isAwake(): boolean {
    const now = performance.now();
    if (this.#isWoken) this.#learn(now);
    this.#begin ??= now;
    const waited = now - this.#begin;
    if (waited >= this.#span || this.#begin - this.#last >= flowing) return false;
    if (waited > polite) addon.yieldProcessor();
    return true;
  }

  /**
   * A sleep is over that came after {@link isAwake} had said no. The first look at the clock after a
   * silence costs a quarter of a wake: it waits for {@link settle}.
   */
  wake(): void {
    this.#isWoken = true;
    this.#hasCome = false;
  }

  /** What has come was handed out. */
  settle(): void {
    if (this.#isWoken) this.#learn(performance.now());
  }

  #learn(now: number): void {
    this.#isWoken = false;
    const waited = now - (this.#begin ?? now);
    this.#begin = undefined;
    if (this.#hasCome) this.#last = now;
    // Where two sleepers wake each other every wait is long: a little is tried.
    if (waited < most || (this.#span === 0 && waited < flowing))
      this.#span = Math.min(most, Math.max(least, 2 * this.#span));
    else this.#span = this.#span > least ? this.#span / 2 : 0;
  }
}
