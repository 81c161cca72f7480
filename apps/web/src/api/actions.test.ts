import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ACTION_GROUPS, PURPOSES } from './actions.ts';

/** Not for keys, or good in each of them. */
const NEVER = /^(account\.|keys\.write)/;
const offered = ACTION_GROUPS.flatMap(({ actions }) => actions.map(([action]) => action));

/** The actions of docs/rights.md, which is made from the service's own table; what only staff may is no matter of keys. */
function documented(): string[] {
  const text = readFileSync(resolve(__dirname, '../../../../docs/rights.md'), 'utf8');
  const rows = text.slice(text.indexOf('## Actions')).match(/^\| [a-z]+\.[a-z]+ .*$/gm) ?? [];
  return rows.filter((row) => !row.includes('(staff)')).map((row) => row.split(' ')[1] ?? '');
}

it('offers for keys every action that they can have', () => {
  expect([...offered].sort()).toEqual(
    documented()
      .filter((action) => !NEVER.test(action))
      .sort(),
  );
});

it('offers nothing for a purpose that is no action', () => {
  expect(PURPOSES.flatMap(({ actions }) => actions).filter((action) => !offered.includes(action))).toEqual(
    [],
  );
});
