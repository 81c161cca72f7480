import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as wire from '@spiderhub/wire';
import { OPERATIONS } from './client.ts';

const FILES = readdirSync(__dirname).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
for (const file of FILES) require(join(__dirname, file));

it.each(OPERATIONS)('$id is called as its contract says', ({ id, method, path }) => {
  const contract = wire.CONTRACTS.find((each) => each.id === id);
  expect({ method, path }).toEqual({ method: contract?.method, path: contract?.path });
});

type Contracts = Record<string, { id: string }>;

/** What a file calls something of the contracts: `import type { readServer as readServerContract }`. */
function named(source: string, name: string): unknown {
  const [, original = name] = new RegExp(`(\\w+) as ${name}\\b`).exec(source) ?? [];
  return (wire as Record<string, unknown>)[original];
}

/** Contracts by the names that a file has for their types: `type Jobs = typeof jobContracts`. */
function contractsOf(source: string): Map<string, Contracts> {
  const types = [...source.matchAll(/type (\w+) = typeof (\w+);/g)];
  return new Map(types.map(([, type = '', name = '']) => [type, named(source, name) as Contracts]));
}

it('every operation has the types of the very contract that it calls', () => {
  const seen = new Set<string | undefined>();
  for (const file of FILES) {
    const source = readFileSync(join(__dirname, file), 'utf8');
    const contracts = contractsOf(source);
    const calls = source.matchAll(/operation<(?:(\w+)\['(\w+)'\]|typeof (\w+))>\(\s*'(\w+)'/g);
    for (const [, type = '', key = '', name = '', id] of calls) {
      const typed = name ? (named(source, name) as { id: string }) : contracts.get(type)?.[key];
      expect([file, typed?.id]).toEqual([file, id]);
      seen.add(id);
    }
  }
  // Those of members are made by one function for organisations and for projects, whose type says which.
  const others = OPERATIONS.map(({ id }) => id).filter((id) => !seen.has(id));
  expect(others.filter((id) => !/Member|Invitation|^inviteTo/.test(id))).toEqual([]);
});
