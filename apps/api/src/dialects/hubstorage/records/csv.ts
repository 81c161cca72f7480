import { decodeString, scanFields } from '@spiderhub/core';
import type { Rows } from './row.ts';
import { type MetaFields, metaText } from './splice.ts';

const QUOTE = 0x22;

export interface CsvOptions {
  fields: readonly string[];
  header: boolean;
  /** Between values. */
  sep: string;
  /** Around values that need it. */
  quote: string;
  /** Before a quote inside of a value. */
  escapeWith: string;
  lineEnd: string;
}

/** Records as CSV. Values keep all their digits; lists and objects are their JSON text. */
export async function* toCsv(rows: Rows, options: CsvOptions, meta: MetaFields): AsyncGenerator<string> {
  const { fields, header } = options;
  if (header) yield row(fields, options);
  for await (const list of rows) {
    let text = '';
    for (const one of list) {
      const values = valuesOf(meta.nodata ? Buffer.from('{}') : one.line, fields);
      for (const [name, value] of valuesOf(Buffer.from(`{${metaText(one, meta)}}`), fields))
        values.set(name, value);
      text += row(
        fields.map((field) => values.get(field) ?? ''),
        options,
      );
    }
    yield text;
  }
}

function valuesOf(line: Buffer, fields: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  scanFields(line, (keyStart, keyEnd, start, end) => {
    const name = decodeString(line, keyStart, keyEnd);
    if (name !== null && fields.includes(name)) values.set(name, cell(line, start, end));
    return true;
  });
  return values;
}

function cell(line: Buffer, start: number, end: number): string {
  const raw = line.toString('utf8', start, end);
  if (line[start] === QUOTE) return decodeString(line, start + 1, end - 1) ?? raw;
  return raw === 'null' ? '' : raw;
}

function row(cells: readonly string[], { sep, quote, escapeWith, lineEnd }: CsvOptions): string {
  return cells.map((text) => quoted(text, sep, quote, escapeWith)).join(sep) + lineEnd;
}

function quoted(text: string, sep: string, quote: string, escapeWith: string): string {
  if (quote === '' || !(text.includes(sep) || text.includes(quote) || /[\r\n]/.test(text))) return text;
  return quote + text.replaceAll(quote, () => escapeWith + quote) + quote;
}
