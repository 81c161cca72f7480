import { contentHeight, MAX_HEIGHT, scrollTopFor, seenRows } from './window-scroll.ts';

const view = { rowHeight: 20, viewHeight: 600 };

it('shows few rows from the top', () => {
  expect(seenRows({ ...view, rows: 3, scrollTop: 0 })).toEqual({ first: 0, end: 3, top: 0 });
});

it('shows what lies at a place', () => {
  expect(seenRows({ ...view, rows: 100_000, scrollTop: 2010 })).toEqual({ first: 100, end: 131, top: 2000 });
});

it.each([1000, 100_000, 10_000_000, 2_000_000_000])('reaches the first and the last of %d rows', (rows) => {
  const height = contentHeight({ ...view, rows });
  expect(height).toBeLessThanOrEqual(MAX_HEIGHT);
  expect(seenRows({ ...view, rows, scrollTop: 0 }).first).toBe(0);
  expect(seenRows({ ...view, rows, scrollTop: height - view.viewHeight }).end).toBe(rows);
});

it.each([0, 29, 30, 500, 4_999_999, 9_999_999])('scrolls to row %d of ten millions', (row) => {
  const rows = 10_000_000;
  const { first, end } = seenRows({ ...view, rows, scrollTop: scrollTopFor(row, { ...view, rows }) });
  expect(row).toBeGreaterThanOrEqual(first);
  expect(row).toBeLessThan(end);
});

it('scrolls nowhere when everything is in sight', () => {
  expect(scrollTopFor(2, { ...view, rows: 3 })).toBe(0);
});
