import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { clientsPython } from '../hubstorage/harness.ts';

/** Hands a question to a script in `python`, and gives its answer: both are JSON. */
export async function askPython<T>(script: string, question: unknown): Promise<T> {
  const child = spawn(clientsPython(), [join(__dirname, 'python', `${script}.py`)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(question));
  return JSON.parse(await text(child.stdout)) as T;
}

/** Random numbers that are the same at each run (mulberry32). */
export function seeded(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const times = <T>(most: number, make: () => T): T[] => Array.from({ length: below(most + 1) }, make);
  return { next, below, pick, times };
}

export type Random = ReturnType<typeof seeded>;

const SIGNS = [
  'a',
  'Z',
  '0',
  ' ',
  '"',
  "'",
  ',',
  ';',
  '\t',
  '\n',
  '\r',
  '\\',
  '/',
  '<',
  '>',
  '&',
  '=',
  '-',
  '@',
  'é',
  'ż',
  '中',
  '🕷',
  '\u2028',
  '\u0085',
  '\u00a0',
  '\u007f',
  '\ufeff',
];

export function randomText(random: Random, most = 8, signs: readonly string[] = SIGNS): string {
  return random.times(most, () => random.pick(signs)).join('');
}

const NUMBERS = [
  '0',
  '-0',
  '1',
  '-1',
  '0.5',
  '-2.25',
  '1e3',
  '1E-7',
  '9007199254740991',
  '9007199254740993',
  '-12345678901234567890',
  '18446744073709551615',
  '4294967295',
  '4294967296',
  '-2147483649',
  '1.7976931348623157e308',
  '0.1',
  '100.0',
];

/** The text of a JSON value as somebody may write it: numbers of all sizes, escapes, nested and empty things. */
export function randomJson(random: Random, depth = 3): string {
  const kind = random.below(depth > 0 ? 8 : 6);
  if (kind === 0) return random.pick(['true', 'false', 'null']);
  if (kind <= 2) return random.pick(NUMBERS);
  if (kind <= 5) return JSON.stringify(randomText(random));
  const space = random.pick(['', '', ' ']);
  if (kind === 6) return `[${random.times(3, () => `${space}${randomJson(random, depth - 1)}`).join(',')}]`;
  return randomObject(random, depth - 1, space);
}

export function randomObject(random: Random, depth = 2, space = ''): string {
  const names = new Set(
    random.times(4, () => random.pick(['a', 'b', '__proto__', 'ünï', 'with "quote"', '', '1', 'x.y'])),
  );
  return `{${[...names].map((name) => `${JSON.stringify(name)}:${space}${randomJson(random, depth)}`).join(`,${space}`)}}`;
}
