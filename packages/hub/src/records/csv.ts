import { decodeString, scanFields } from '@spiderhub/core';
import { type MetaFields, metaText } from './lines.ts';
import type { Row, Rows } from './row.ts';

const QUOTE = 0x22;
const NO_RECORD = Buffer.from('{}');
/** What spreadsheets take for a formula at the start of a text cell. */
const FORMULA = /^[=+\-@\t\r]/;

export interface CsvOptions {
  fields: readonly string[];
  header: boolean;
  /** Puts an apostrophe before texts that a spreadsheet would run. Off: values stay byte-true. */
  guard?: boolean;
  /** Between values. */
  sep?: string;
  /** Around values that need it; empty: around none. */
  quote?: string;
  /** Before a quote inside of a value; the quote itself unless it is given. */
  escapeWith?: string;
  lineEnd?: string;
}

/**
 * Records as CSV: the chosen fields in their order, nothing for those that are missing or null. Numbers keep all their
 * digits; lists and objects are their JSON text.
 */
export async function* toCsv(rows: Rows, options: CsvOptions, meta: MetaFields): AsyncGenerator<string> {
  const { fields, header } = options;
  const guard = options.guard ?? false;
  const write = lineWriter(options);
  if (header) yield write(fields);
  for await (const list of rows) {
    yield list.map((row) => write(cellsOf(row, meta, fields, guard))).join('');
  }
}

function cellsOf(row: Row, meta: MetaFields, fields: readonly string[], guard: boolean): string[] {
  const values = new Map<string, string>();
  for (const line of [meta.nodata ? NO_RECORD : row.line, Buffer.from(`{${metaText(row, meta)}}`)]) {
    scanFields(line, (keyStart, keyEnd, start, end) => {
      const name = decodeString(line, keyStart, keyEnd);
      if (name !== null && fields.includes(name)) values.set(name, cell(line, start, end, guard));
      return true;
    });
  }
  return fields.map((field) => values.get(field) ?? '');
}

function cell(line: Buffer, start: number, end: number, guard: boolean): string {
  const raw = line.toString('utf8', start, end);
  if (line[start] !== QUOTE) return raw === 'null' ? '' : raw;
  const text = decodeString(line, start + 1, end - 1) ?? raw;
  return guard && FORMULA.test(text) ? `'${text}` : text;
}

function lineWriter({
  sep = ',',
  quote = '"',
  escapeWith = quote,
  lineEnd = '\n',
}: CsvOptions): (cells: readonly string[]) => string {
  function quoted(text: string): string {
    if (quote === '' || !(text.includes(sep) || text.includes(quote) || /[\r\n]/.test(text))) return text;
    return quote + text.replaceAll(quote, () => escapeWith + quote) + quote;
  }
  return (cells) => cells.map(quoted).join(sep) + lineEnd;
}
