/** Lines that are kept: those of the last listings, 10 to 30 MB. */
const MOST_LINES = 25_000;

/** Keeps what was used lately: a younger and an older half, and what is left in the older one goes with it. */
export interface LineCache {
  get(key: string): string | undefined;
  set(key: string, line: string): void;
}

export function createLineCache(mostLines = MOST_LINES): LineCache {
  let young = new Map<string, string>();
  let old = new Map<string, string>();

  function set(key: string, line: string): void {
    if (young.size >= mostLines) {
      old = young;
      young = new Map();
    }
    young.set(key, line);
  }

  return {
    get(key) {
      const found = young.get(key);
      if (found !== undefined) return found;
      const kept = old.get(key);
      if (kept !== undefined) set(key, kept);
      return kept;
    },
    set,
  };
}
