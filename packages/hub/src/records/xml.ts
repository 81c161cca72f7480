import { type MetaFields, withMeta } from './lines.ts';
import { parseRecord } from './parse.ts';
import type { Rows } from './row.ts';

const MAX_DEPTH = 200;
/** What XML 1.0 cannot say at all, not even as an entity. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };

/** Records with the types of XML-RPC, one `value` each. */
export async function* toXml(rows: Rows, meta: MetaFields): AsyncGenerator<string> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<values>\n';
  for await (const list of rows) {
    let text = '';
    for (const one of list) text += `${xmlValue(parseRecord(withMeta(one, meta)), 0)}\n`;
    yield text;
  }
  yield '</values>\n';
}

function xmlValue(value: unknown, depth: number): string {
  return `<value>${typed(value, depth)}</value>`;
}

function typed(value: unknown, depth: number): string {
  if (value === null || value === undefined || depth > MAX_DEPTH) return '<nil/>';
  if (typeof value === 'string') return `<string>${escaped(value)}</string>`;
  if (typeof value === 'boolean') return `<boolean>${value ? 1 : 0}</boolean>`;
  if (typeof value === 'bigint') return `<int>${value}</int>`;
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? `<int>${value}</int>` : `<double>${value}</double>`;
  if (Array.isArray(value)) {
    return `<array><data>${value.map((one) => xmlValue(one, depth + 1)).join('')}</data></array>`;
  }
  const members = Object.entries(value as object).map(
    ([name, field]) => `<member><name>${escaped(name)}</name>${xmlValue(field, depth + 1)}</member>`,
  );
  return `<struct>${members.join('')}</struct>`;
}

function escaped(text: string): string {
  return text.replaceAll(FORBIDDEN, '\ufffd').replaceAll(/[&<>\r]/g, (sign) => ENTITIES[sign] as string);
}
