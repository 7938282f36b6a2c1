// Alertness: for how long an event loop that waits looks before it sleeps.

/**
 * A wake costs twenty looks and more, so it looks for as long as that has been worth it lately. A sleep
 * that was over before `most` milliseconds had better been spent looking: twice as long, then; half as
 * long after a longer one.
 */
const most = 0.2;
const least = 0.05;

export class Alertness {
  #span = 0;
  #until = 0;

  /** Something has come, or somebody begins to wait. */
  renew(): void {
    if (this.#span > 0) this.#until = performance.now() + this.#span;
  }

  /** Whether to look again in the next turn of the event loop. */
  get isAwake(): boolean {
    return this.#span > 0 && performance.now() < this.#until;
  }

  /** Learns from a sleep. */
  async watch(sleep: Promise<void>): Promise<void> {
    const begin = performance.now();
    await sleep;
    if (performance.now() - begin < most)
      this.#span = Math.min(most, Math.max(least, 2 * this.#span));
    else this.#span = this.#span > least ? this.#span / 2 : 0;
  }
}
