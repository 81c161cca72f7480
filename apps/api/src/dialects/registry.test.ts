import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Parts } from '../parts.ts';
import { DIALECTS } from './registry.ts';

const CONTRACTS = resolve(__dirname, '../../../../tests/contract');

it('knows every folder of a dialect', () => {
  const folders = readdirSync(__dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual(DIALECTS.map(({ name }) => name).sort());
});

describe.each(DIALECTS)('dialect $name', (dialect) => {
  // Handlers are made, not called: no part is asked for anything.
  const operations = dialect.operations({} as Parts).map(({ spec }) => spec);

  it('serves each method of a path once, and says what it does', () => {
    const names = operations.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { summary } of operations) expect(summary).not.toBe('');
  });

  it('changes nothing by GET', () => {
    for (const { method, body } of operations) if (method === 'get') expect(body).toBeUndefined();
  });

  it('names a test for each operation', () => {
    const coverage = join(CONTRACTS, dialect.name, 'COVERAGE.md');
    expect(existsSync(coverage)).toBe(true);
    const text = readFileSync(coverage, 'utf8');
    const missing = operations.filter(
      ({ method, path }) => !text.includes(`\`${method.toUpperCase()} ${path}\``),
    );
    expect(missing.map(({ path }) => path)).toEqual([]);
  });
});
