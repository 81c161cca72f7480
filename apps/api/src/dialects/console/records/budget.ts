/** Work of one call: whoever wants more asks again, so that nobody waits long and no process is kept busy. */
const MAX_MS = 100;
const MAX_BYTES = 5_000_000;
/** The clock is asked once in so many records. */
const RECORDS = 128;

export class Budget {
  readonly #start = performance.now();
  readonly #times: number;
  #bytes = 0;
  #records = 0;

  /** `times`: so many times as much as usual, for what cannot be asked for in parts. */
  constructor(times = 1) {
    this.#times = times;
  }

  /** Whether that was the last record of this call. */
  isSpentBy(bytes: number): boolean {
    this.#bytes += bytes;
    this.#records += 1;
    if (this.#bytes >= MAX_BYTES * this.#times) return true;
    return this.#records % RECORDS === 0 && this.isLate();
  }

  isLate(): boolean {
    return performance.now() - this.#start >= MAX_MS * this.#times;
  }
}
