import { requestErrors } from '../../errors.ts';

/** One part of a filter as somebody typed it: a word, or a field with its value. */
export interface Term {
  /** Null for a word. */
  field: string | null;
  value: string;
  isNot: boolean;
}

const MAX_TERMS = 50;
/** Quotes hold blanks together, wherever they begin; a backslash keeps what follows as it is. */
const PIECE = /(?:"(?:[^"\\]|\\.)*"|[^\s"])+|"/gsu;
const NAMED = /^(-?)((?:args|settings)\.(?:"(?:[^"\\]|\\.)*"|[^:"\s])+|[a-zA-Z]+):(.*)$/su;

/** Takes a filter apart. Throws `invalid` for one with an open quote or too many parts. */
export function readTerms(text: string): Term[] {
  const pieces = text.match(PIECE) ?? [];
  if (pieces.length > MAX_TERMS) throw requestErrors.invalid('q', `more than ${MAX_TERMS} parts`);
  return pieces.map(readTerm);
}

function readTerm(piece: string): Term {
  if (piece === '"') throw requestErrors.invalid('q', 'a quote is open');
  const [, minus = '', field, value = ''] = NAMED.exec(piece) ?? [];
  if (field === undefined) return { field: null, value: unquoted(piece), isNot: false };
  return { field: unquoted(field), value: unquoted(value), isNot: minus === '-' };
}

function unquoted(text: string): string {
  return text.replaceAll(/"((?:[^"\\]|\\.)*)"/gsu, (_, inner: string) => inner.replaceAll(/\\(.)/gsu, '$1'));
}

/** The name of a list that is most like a text; null when none is like it. */
export function nearestName(text: string, names: readonly string[]): string | null {
  const ranked = names
    .map((name) => ({ name, distance: distance(text.toLowerCase(), name) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(1, text.length >> 1) ? best.name : null;
}

/** How many characters have to be put in, taken out or changed (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
