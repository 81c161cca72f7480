export interface Difference {
  name: string;
  a: string | null;
  b: string | null;
}

type Texts = ReadonlyMap<string, string>;

/** What differs between two sets of named texts, in the order of their names. */
export function differences(a: Texts, b: Texts): Difference[] {
  const names = [...new Set([...a.keys(), ...b.keys()])].sort();
  return names
    .map((name) => ({ name, a: a.get(name) ?? null, b: b.get(name) ?? null }))
    .filter((one) => one.a !== one.b);
}

/** Differences with the relative change of numbers, the largest first; what is no number comes behind. */
export function ranked(all: readonly Difference[]): (Difference & { change: number | null })[] {
  return all
    .map((one) => ({ ...one, change: changeOf(one) }))
    .sort((x, y) => Math.abs(y.change ?? 0) - Math.abs(x.change ?? 0));
}

/** 0.5 for half as much more; null where one of the two is no number, or the first is 0. */
function changeOf({ a, b }: Difference): number | null {
  const [from, to] = [numberOf(a), numberOf(b)];
  return from === null || to === null || from === 0 ? null : (to - from) / Math.abs(from);
}

function numberOf(text: string | null): number | null {
  const value = text === null || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}
