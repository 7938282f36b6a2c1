// Guard: something that is held, until it is released.

/** Who can take back what a guard holds. */
export interface Lender {
  /** @internal */
  giveBack(way: number, whole: boolean): void;
}

/** Held until {@link release}: `using` does it at the end of the block. */
export class Guard implements Disposable {
  #lender: Lender | undefined;
  #way: number;
  #ownerDied: boolean;
  #whole: boolean;

  /** @internal */
  constructor(lender: Lender, way: number, ownerDied: boolean) {
    this.#lender = lender;
    this.#way = way;
    this.#ownerDied = ownerDied;
    this.#whole = !ownerDied;
  }

  /**
   * True if whoever held it before died in the middle, or a holder since then did not say that all
   * is well: what it guards may be half done. Mend it, then call {@link markConsistent}.
   */
  get ownerDied(): boolean {
    return this.#ownerDied;
  }

  /** True after {@link release}. */
  get released(): boolean {
    return this.#lender === undefined;
  }

  /** What it guards is whole: the next holder is told nothing. */
  markConsistent(): void {
    this.#whole = true;
  }

  /** Lets others have it. Twice is fine. */
  release(): void {
    const lender = this.#lender;
    if (lender === undefined) return;
    this.#lender = undefined;
    lender.giveBack(this.#way, this.#whole);
  }

  /** {@link release}, for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** @internal */
  get lender(): Lender | undefined {
    return this.#lender;
  }
  /** @internal */
  get way(): number {
    return this.#way;
  }
  /** @internal */
  get whole(): boolean {
    return this.#whole;
  }
  /** @internal It holds something else now, or nothing. */
  change(lender: Lender | undefined, way: number, ownerDied: boolean): void {
    this.#lender = lender;
    this.#way = way;
    this.#ownerDied = ownerDied;
    this.#whole = !ownerDied;
  }
}
