// Alertness: for how long an event loop that waits looks before it sleeps.

/**
 * A wake costs twenty looks and more, so it looks for as long as that has been worth it lately. A wait
 * that was over before `most` milliseconds had better been spent looking: twice as long, then; half as
 * long after a longer one. Looking counts as waiting: where it keeps the other side from running,
 * because there are not enough processors, waits get longer, and it ends.
 */
const most = 0.2;
const least = 0.05;

export class Alertness {
  #span = 0;
  /** When the first look was in vain. */
  #begin: number | undefined;

  /** Something has come, or somebody begins to wait. */
  renew(): void {
    this.#begin = undefined;
  }

  /** After a look in vain: whether to look again in the next turn of the event loop. */
  isAwake(): boolean {
    const now = performance.now();
    this.#begin ??= now;
    return now - this.#begin < this.#span;
  }

  /** Learns from a sleep, which comes after {@link isAwake} has said no. */
  async learnFrom(sleep: Promise<void>): Promise<void> {
    await sleep;
    const waited = performance.now() - (this.#begin ?? 0);
    this.#begin = undefined;
    if (waited < most) this.#span = Math.min(most, Math.max(least, 2 * this.#span));
    else this.#span = this.#span > least ? this.#span / 2 : 0;
  }
}
