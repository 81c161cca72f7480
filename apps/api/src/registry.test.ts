import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createStorageDialect } from './dialects/hubstorage/dialect.ts';
import type { StorageParts } from './dialects/hubstorage/parts.ts';
import { scrapinghub } from './dialects/jobs-api/dialect.ts';
import { type ExtraParts, withExtras } from './dialects/jobs-api/extras.ts';
import type { Services } from './services.ts';

const CONTRACTS = resolve(__dirname, '../../../tests/contract');
// Handlers are made, not called: no service is asked for anything.
const services = {} as Services;
const dialects = [withExtras(scrapinghub, {} as ExtraParts), createStorageDialect({} as StorageParts)];

describe.each(dialects)('dialect $name', (dialect) => {
  const operations = dialect.operations(services).map(({ spec }) => spec);

  it('has a folder of its own', () => {
    expect(readdirSync(join(__dirname, 'dialects'))).toContain(dialect.name);
  });

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
