import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const WEB = resolve(__dirname, '../../apps/web');
const DIST = join(WEB, 'dist');

interface Chunk {
  file: string;
  imports?: string[];
  css?: string[];
}

const manifest = existsSync(join(DIST, 'manifest.json'))
  ? (JSON.parse(readFileSync(join(DIST, 'manifest.json'), 'utf8')) as Record<string, Chunk>)
  : null;
const budget = JSON.parse(readFileSync(join(WEB, 'budget.json'), 'utf8')) as {
  scripts: { what: string; entries: string[]; kilobytes: number }[];
  styles: { kilobytes: number };
};

/** A chunk with all that it needs before it runs. */
function withImports(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  const chunk = manifest?.[name];
  if (!chunk) throw new Error(`the build has no ${name}`);
  seen.add(name);
  for (const one of chunk.imports ?? []) withImports(one, seen);
  return seen;
}

/** Sizes as they are sent, in thousands of bytes. */
function kilobytes(files: Iterable<string>): number {
  let sum = 0;
  for (const file of new Set(files)) sum += gzipSync(readFileSync(join(DIST, file))).length;
  return sum / 1000;
}

it('was built', () => expect(manifest).not.toBeNull());

it.each(budget.scripts)('sends at most $kilobytes kB of script for $what', ({ entries, kilobytes: most }) => {
  const names = entries.flatMap((entry) => [...withImports(entry)]);
  const size = kilobytes(names.map((name) => manifest?.[name]?.file ?? ''));
  expect(size).toBeGreaterThan(1);
  expect(size).toBeLessThanOrEqual(most);
});

it('has few styles', () => {
  const files = Object.values(manifest ?? {}).flatMap(({ css = [] }) => css);
  expect(kilobytes(files)).toBeLessThanOrEqual(budget.styles.kilobytes);
});
