/** Walks through a text from its left end, past white space. */
export class Scanner {
  #rest: string;

  constructor(text: string) {
    this.#rest = text.trimStart();
  }

  /** What was not taken yet. */
  get rest(): string {
    return this.#rest;
  }

  get isAtEnd(): boolean {
    return this.#rest === '';
  }

  /** Takes what a sticky pattern finds next, null when that is something else. */
  take(pattern: RegExp): string | null {
    pattern.lastIndex = 0;
    const found = pattern.exec(this.#rest)?.[0];
    if (!found) return null;
    this.#rest = this.#rest.slice(found.length).trimStart();
    return found;
  }
}
