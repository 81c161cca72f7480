import type { AdminAnswer } from './command.ts';

/** An answer as JSON for scripts, or as text for people: a record line by line, a list as a table. */
export function printed(answer: AdminAnswer, asJson: boolean): string {
  if (asJson) return JSON.stringify(answer, null, 2);
  return Array.isArray(answer) ? table(answer.map(record)) : fields(record(answer));
}

type TextRecord = Record<string, string>;

function record(value: object): TextRecord {
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, text(each)]));
}

function text(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function fields(value: TextRecord): string {
  const width = Math.max(...Object.keys(value).map((name) => name.length));
  return Object.entries(value)
    .map(([name, each]) => `${name.padEnd(width)}  ${each}`)
    .join('\n');
}

function table(rows: TextRecord[]): string {
  const [first] = rows;
  if (!first) return 'none';
  const columns = Object.keys(first);
  const widths = columns.map((name) => Math.max(name.length, ...rows.map((row) => row[name]?.length ?? 0)));
  const lines = [columns, ...rows.map((row) => columns.map((name) => row[name] ?? ''))];
  return lines
    .map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
