import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { useKeys } from '../lib/keys.ts';
import { usePreferences } from '../lib/preferences.ts';

export interface Column<Row> {
  id: string;
  head: string;
  /** Numbers stand at the right. */
  isNumber?: boolean;
  /** Takes what the others leave. */
  isWide?: boolean;
  /** How rows are ordered by it, when they may be. */
  sortBy?: (row: Row) => number | string;
  cell: (row: Row) => ReactNode;
}

interface Selection {
  keys: ReadonlySet<string>;
  onChange: (keys: ReadonlySet<string>) => void;
}

interface DataTableProps<Row> {
  /** What the table shows, for who does not see it. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** What a click on a row's link does, too: the key Enter. */
  onOpen?: (row: Row) => void;
  selection?: Selection;
  isOld?: boolean;
  classOf?: (row: Row) => string | undefined;
  /** Under the last row. */
  foot?: ReactNode;
  /** Called when the last rows come into sight. */
  onEnd?: (() => void) | undefined;
  /** Height that the page needs for everything else, px. */
  reserve?: number;
}

const ROW_HEIGHTS = { compact: 26, normal: 32, comfortable: 40 };
const OVERSCAN = 12;
const HEAD = 32;

/** Rows of anything; only those in sight are in the document. Arrows or `j` and `k` move, `x` selects, Enter opens. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, keyOf, selection, isOld = false, foot, onEnd, reserve = 260 } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const height = ROW_HEIGHTS[usePreferences().rows];
  const [sort, setSort] = useState<Sort | null>(null);
  const sorted = sortedBy(rows, columns, sort);
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: OVERSCAN,
    scrollPaddingStart: HEAD,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows are measured anew when their height is another
  useEffect(() => virtual.measure(), [height, virtual]);
  const current = useCurrent(sorted, props, (index) => virtual.scrollToIndex(index));
  const seen = virtual.getVirtualItems();
  const last = seen.at(-1)?.index ?? -1;
  useEffect(() => {
    if (onEnd && rows.length > 0 && last >= rows.length - 1) onEnd();
  }, [last, rows.length, onEnd]);
  const width = columns.length + (selection ? 1 : 0);
  return (
    <section
      ref={scroller}
      className={isOld ? 'region is-old' : 'region'}
      style={{ maxHeight: `max(320px, calc(100vh - ${reserve}px))` }}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached and scrolled by keys
      tabIndex={0}
      onKeyDown={current.onKey}
    >
      <table className="table" aria-rowcount={rows.length + 1}>
        <Head columns={columns} selection={selection} keys={sorted.map(keyOf)} sort={sort} onSort={setSort} />
        <tbody>
          <Space height={seen[0]?.start ?? 0} width={width} />
          {seen.map(({ index }) => {
            const row = sorted[index];
            return (
              row !== undefined && (
                <TableRow key={keyOf(row)} {...props} row={row} index={index} current={current.at} />
              )
            );
          })}
          <Space height={virtual.getTotalSize() - (seen.at(-1)?.end ?? 0)} width={width} />
        </tbody>
      </table>
      {foot}
    </section>
  );
}

function Space({ height, width }: { height: number; width: number }) {
  if (height <= 0) return null;
  return (
    <tr>
      <td colSpan={width} style={{ height, padding: 0, border: 0 }} />
    </tr>
  );
}

interface Sort {
  column: string;
  isDown: boolean;
}

function sortedBy<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: Sort | null) {
  const by = columns.find(({ id }) => id === sort?.column)?.sortBy;
  if (!sort || !by) return rows;
  const sign = sort.isDown ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [a, b] = [by(one), by(other)];
    if (typeof a === 'string' || typeof b === 'string') return sign * String(a).localeCompare(String(b));
    return sign * (a - b);
  });
}

interface HeadProps<Row> {
  columns: readonly Column<Row>[];
  selection: Selection | undefined;
  keys: readonly string[];
  sort: Sort | null;
  onSort: (sort: Sort | null) => void;
}

function Head<Row>({ columns, selection, keys, sort, onSort }: HeadProps<Row>) {
  const chosen = keys.filter((key) => selection?.keys.has(key)).length;
  return (
    <thead>
      <tr>
        {selection && (
          <th className="box">
            <input
              type="checkbox"
              className="check"
              aria-label="Select all rows that are loaded"
              checked={chosen > 0 && chosen === keys.length}
              ref={(box) => {
                if (box) box.indeterminate = chosen > 0 && chosen < keys.length;
              }}
              onChange={(event) => selection.onChange(new Set(event.target.checked ? keys : []))}
            />
          </th>
        )}
        {columns.map((column) => (
          <HeadCell key={column.id} column={column} sort={sort} onSort={onSort} />
        ))}
      </tr>
    </thead>
  );
}

interface HeadCellProps<Row> {
  column: Column<Row>;
  sort: Sort | null;
  onSort: (sort: Sort | null) => void;
}

function HeadCell<Row>({ column: { id, head, isNumber, isWide, sortBy }, sort, onSort }: HeadCellProps<Row>) {
  const mine = sort?.column === id ? sort : null;
  const words = mine?.isDown ? 'descending' : 'ascending';
  const next = mine ? (mine.isDown ? { column: id, isDown: false } : null) : { column: id, isDown: true };
  return (
    <th
      scope="col"
      className={isNumber ? 'number' : undefined}
      style={isWide ? { width: '100%' } : undefined}
      aria-sort={mine ? words : undefined}
    >
      {sortBy ? (
        <button type="button" className="sort" onClick={() => onSort(next)}>
          {head} <span aria-hidden="true">{mine ? (mine.isDown ? '↓' : '↑') : ''}</span>
        </button>
      ) : (
        head
      )}
    </th>
  );
}

interface TableRowProps<Row> extends DataTableProps<Row> {
  row: Row;
  index: number;
  current: number;
}

function TableRow<Row>({ row, index, current, columns, keyOf, selection, classOf }: TableRowProps<Row>) {
  const key = keyOf(row);
  const isSelected = selection?.keys.has(key) ?? false;
  const names = [index === current && 'current', isSelected && 'chosen', classOf?.(row)];
  return (
    <tr aria-rowindex={index + 2} className={names.filter(Boolean).join(' ') || undefined}>
      {selection && (
        <td className="box">
          <input
            type="checkbox"
            className="check"
            aria-label={`Select ${key}`}
            checked={isSelected}
            onChange={() => selection.onChange(toggled(selection.keys, key))}
          />
        </td>
      )}
      {columns.map((column) => (
        <td key={column.id} className={column.isNumber ? 'number' : undefined}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

function toggled(keys: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(keys);
  if (!next.delete(key)) next.add(key);
  return next;
}

/** The row that the keys are on. It stays with its row when others come before it. */
function useCurrent<Row>(
  rows: readonly Row[],
  { keyOf, onOpen, selection }: DataTableProps<Row>,
  show: (index: number) => void,
) {
  const [key, setKey] = useState<string | null>(null);
  const at = rows.findIndex((row) => keyOf(row) === key);
  const row = rows[at];
  function move(step: number) {
    const index = Math.min(Math.max(at + step, 0), rows.length - 1);
    const next = rows[index];
    if (next === undefined) return;
    setKey(keyOf(next));
    show(index);
  }
  const open = () => row !== undefined && onOpen?.(row);
  const select = () => row !== undefined && selection?.onChange(toggled(selection.keys, keyOf(row)));
  useKeys([
    { keys: 'j', what: 'Next row', run: () => move(1) },
    { keys: 'k', what: 'Row before', run: () => move(-1) },
    ...(selection ? [{ keys: 'x', what: 'Select the row', run: () => void select() }] : []),
    ...(onOpen ? [{ keys: 'o', what: 'Open the row', run: () => void open() }] : []),
  ]);
  function onKey(event: KeyboardEvent) {
    if (event.target !== event.currentTarget) return;
    if (event.key === 'ArrowDown') move(1);
    else if (event.key === 'ArrowUp') move(-1);
    else if (event.key === 'Enter') open();
    else return;
    event.preventDefault();
  }
  return { at, onKey };
}
