/** Marks that turn what follows them, and letters that are written from right to left. */
const TURNS = /[\u202A-\u202E\u2066-\u2069\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC]/;
const ISOLATES = /[\u2066-\u2069]/g;

/** A name within a sentence: whatever direction it is written in ends with it. Where elements part them, CSS does the same. */
export function isolated(name: string): string {
  return TURNS.test(name) ? `\u2068${name.replaceAll(ISOLATES, '')}\u2069` : name;
}
