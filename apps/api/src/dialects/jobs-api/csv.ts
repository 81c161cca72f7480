import { decodeString, scanFields } from '@spiderhub/core';

const QUOTE = 0x22;
const NEEDS_QUOTES = /[",\r\n]/;
/** What spreadsheets take for a formula at the start of a text cell. */
const FORMULA = /^[=+\-@\t\r]/;

export interface CsvOptions {
  fields: readonly string[];
  /** Puts an apostrophe before texts that a spreadsheet would run. Off: values stay byte-true. */
  safe: boolean;
}

export function csvHeader({ fields }: CsvOptions): string {
  return csvRow(fields);
}

/** One raw JSON object as a CSV row. Numbers keep all their digits; lists and objects are their JSON text. */
export function csvLine(line: Buffer, { fields, safe }: CsvOptions): string {
  const values = new Map<string, string>();
  scanFields(line, (keyStart, keyEnd, valueStart, valueEnd) => {
    const name = decodeString(line, keyStart, keyEnd);
    if (name !== null && fields.includes(name)) values.set(name, cell(line, valueStart, valueEnd, safe));
    return true;
  });
  return csvRow(fields.map((field) => values.get(field) ?? ''));
}

function cell(line: Buffer, start: number, end: number, safe: boolean): string {
  const raw = line.toString('utf8', start, end);
  if (line[start] !== QUOTE) return raw === 'null' ? '' : raw;
  const text = decodeString(line, start + 1, end - 1) ?? raw;
  return safe && FORMULA.test(text) ? `'${text}` : text;
}

function csvRow(cells: readonly string[]): string {
  return `${cells.map((text) => (NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join(',')}\n`;
}
