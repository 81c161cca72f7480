import { mergeRows } from './merge-rows.ts';

interface Row {
  key: string;
  items: number;
}
const row = (key: string, items = 0): Row => ({ key, items });
const keyOf = ({ key }: Row) => key;
const keys = (rows: readonly Row[]) => rows.map(keyOf).join('');

const before = [row('d'), row('c'), row('b'), row('a')];

it('lets new rows in at the top when nobody is in the way', () => {
  const merged = mergeRows({ before, fresh: [row('e'), row('d', 5), row('c')], keyOf, isOpen: true });
  expect([keys(merged.rows), merged.news]).toEqual(['edcba', 0]);
  expect(merged.rows[1]?.items).toBe(5);
});

it('never shows a job twice that moved up', () => {
  const merged = mergeRows({ before, fresh: [row('b'), row('d'), row('c')], keyOf, isOpen: true });
  expect(keys(merged.rows)).toBe('bdca');
});

it('drops what left the filter, and keeps later pages', () => {
  const merged = mergeRows({ before, fresh: [row('d'), row('b')], keyOf, isOpen: true });
  expect(keys(merged.rows)).toBe('dba');
});

it('changes rows in place while somebody reads, and counts what is new', () => {
  const merged = mergeRows({
    before,
    fresh: [row('f'), row('e'), row('d', 7), row('b')],
    keyOf,
    isOpen: false,
  });
  expect([keys(merged.rows), merged.news, [...merged.left]]).toEqual(['dcba', 2, ['c']]);
  expect(merged.rows[0]?.items).toBe(7);
});

it('begins with the first page', () => {
  expect(keys(mergeRows({ before: [], fresh: before, keyOf, isOpen: true }).rows)).toBe('dcba');
});
