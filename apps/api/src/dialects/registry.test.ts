import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
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

  it('takes no body with GET and DELETE', () => {
    for (const { method, body, takes } of operations) {
      if (method === 'get' || method === 'delete') expect([body, takes]).toEqual([undefined, undefined]);
    }
  });

  it.each(operations.map((spec) => [`${spec.method} ${spec.path}`, spec] as const))(
    '%s says what it takes and what it answers',
    (_name, { path, params, query, body, takes, reply, sends, action }) => {
      const names = [...path.matchAll(/[:*](\w+)/g)].map((match) => match[1]);
      // A name more than the path has is for a longer path of the same operation.
      expect(Object.keys(params instanceof z.ZodObject ? params.shape : {})).toEqual(
        expect.arrayContaining(names),
      );
      for (const schema of [query, body]) if (schema) expect(schema).toBeInstanceOf(z.ZodObject);
      expect(body && takes).toBeUndefined();
      expect(reply ?? sends).toBeDefined();
      expect(action).not.toBe('');
    },
  );

  it('names a test for each operation, and no operation that there is not', () => {
    const coverage = join(CONTRACTS, dialect.name, 'COVERAGE.md');
    expect(existsSync(coverage)).toBe(true);
    const text = readFileSync(coverage, 'utf8');
    const missing = operations.filter(
      ({ method, path }) => !text.includes(`\`${method.toUpperCase()} ${path}\``),
    );
    expect(missing.map(({ path }) => path)).toEqual([]);
    const named = [...text.matchAll(/^\| `([A-Z]+ [^`]+)`/gm)].map((match) => match[1]);
    const served = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(named.filter((name) => !served.includes(name as string))).toEqual([]);
  });
});
