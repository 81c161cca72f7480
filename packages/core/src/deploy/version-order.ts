/** Digits of any length, compared as numbers. */
type Digits = string;

interface Parsed {
  epoch: Digits;
  release: Digits[];
  /** 'a', 'b' or 'rc' and its number; null for none. */
  pre: [string, Digits] | null;
  post: Digits | null;
  dev: Digits | null;
  local: string[] | null;
}

const PARTS = {
  epoch: '(?:(?<epoch>\\d+)!)?',
  release: '(?<release>\\d+(?:\\.\\d+)*)',
  pre: '(?:[-_.]?(?<preWord>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<pre>\\d*))?',
  post: '(?:-(?<postNumber>\\d+)|(?<postWord>[-_.]?(?:post|rev|r)[-_.]?)(?<post>\\d*))?',
  dev: '(?<devWord>[-_.]?dev[-_.]?(?<dev>\\d*))?',
  local: '(?:\\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?',
};
const VERSION = new RegExp(
  `^v?${PARTS.epoch}${PARTS.release}${PARTS.pre}${PARTS.post}${PARTS.dev}${PARTS.local}$`,
);
const PRE_WORDS: Record<string, string> = { alpha: 'a', beta: 'b', c: 'rc', pre: 'rc', preview: 'rc' };

function parse(text: string): Parsed | null {
  const groups = VERSION.exec(text.trim().toLowerCase())?.groups;
  if (!groups?.release) return null;
  const { preWord, postNumber, postWord, devWord } = groups;
  return {
    epoch: groups.epoch ?? '0',
    release: withoutTrailingZeros(groups.release.split('.')),
    pre: preWord ? [PRE_WORDS[preWord] ?? preWord, groups.pre || '0'] : null,
    post: postNumber ?? (postWord === undefined ? null : groups.post || '0'),
    dev: devWord === undefined ? null : groups.dev || '0',
    local: groups.local?.split(/[-_.]/) ?? null,
  };
}

function withoutTrailingZeros(release: Digits[]): Digits[] {
  let end = release.length;
  while (end > 1 && /^0+$/.test(release[end - 1] ?? '')) end -= 1;
  return release.slice(0, end);
}

function compareDigits(a: Digits, b: Digits): number {
  const left = a.replace(/^0+(?=\d)/, '');
  const right = b.replace(/^0+(?=\d)/, '');
  return left.length - right.length || (left < right ? -1 : Number(left > right));
}

function compareLists<T>(a: readonly T[], b: readonly T[], compare: (x: T, y: T) => number): number {
  for (const [i, x] of a.entries()) {
    const y = b[i];
    if (y === undefined) return 1;
    const order = compare(x, y);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** A bare development release sorts below every pre-release, and those below the release itself. */
function preRank({ pre, post, dev }: Parsed): number {
  if (pre) return 1;
  return post === null && dev !== null ? 0 : 2;
}

function comparePre(a: Parsed, b: Parsed): number {
  const ranks = preRank(a) - preRank(b);
  if (ranks !== 0 || !a.pre || !b.pre) return ranks;
  if (a.pre[0] !== b.pre[0]) return a.pre[0] < b.pre[0] ? -1 : 1;
  return compareDigits(a.pre[1], b.pre[1]);
}

/** `absent` is where a version without this part sorts: -1 before those with it, 1 behind them. */
function compareOptional(a: Digits | null, b: Digits | null, absent: -1 | 1): number {
  if (a !== null && b !== null) return compareDigits(a, b);
  if (a === b) return 0;
  return a === null ? absent : -absent;
}

/** Numbers sort above words. */
function compareLocalParts(a: string, b: string): number {
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x && y) return compareDigits(a, b);
  if (x !== y) return x ? 1 : -1;
  return a < b ? -1 : Number(a > b);
}

function compareLocal(a: Parsed, b: Parsed): number {
  if (!a.local || !b.local) return Number(a.local !== null) - Number(b.local !== null);
  return compareLists(a.local, b.local, compareLocalParts);
}

function compareParsed(a: Parsed, b: Parsed): number {
  return (
    compareDigits(a.epoch, b.epoch) ||
    compareLists(a.release, b.release, compareDigits) ||
    comparePre(a, b) ||
    compareOptional(a.post, b.post, -1) ||
    compareOptional(a.dev, b.dev, 1) ||
    compareLocal(a, b)
  );
}

/** Order of two version numbers by PEP 440: negative, zero or positive; null when one of them is not such a number. */
export function compareVersions(a: string, b: string): number | null {
  const [left, right] = [parse(a), parse(b)];
  return left && right ? compareParsed(left, right) : null;
}

/**
 * Versions in the order that Scrapyd promises, the latest last: by PEP 440 where all names are such versions, by time
 * of deployment otherwise. `versions` come oldest deployment first.
 */
export function inVersionOrder<T extends { name: string }>(versions: readonly T[]): T[] {
  const parsed = versions.map((version) => ({ version, key: parse(version.name) }));
  const keyed = parsed.flatMap(({ version, key }) => (key ? [{ version, key }] : []));
  if (keyed.length < parsed.length) return [...versions];
  return keyed.sort((a, b) => compareParsed(a.key, b.key)).map(({ version }) => version);
}
