import { addField, type Fields } from './fields.ts';

const MAX_PARTS = 10_000;
const BOUNDARY = /;\s*boundary=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i;
const FIELD_NAME = /^content-disposition:[^\r\n]*?;\s*name=(?:"((?:[^"\\\r\n]|\\.)*)"|([^\s;"]+))/im;

/** The boundary that a Content-Type header names, null without one. */
export function boundaryOf(contentType: string): string | null {
  const match = BOUNDARY.exec(contentType);
  return match?.[1]?.replace(/\\(.)/g, '$1') ?? match?.[2] ?? null;
}

/**
 * Reads multipart/form-data whose values are bytes, whatever charset a part claims: an egg may come as a text field, and
 * a text field as a file. (A library would decode the former.) Null when it is no such form.
 */
export function parseMultipart(body: Buffer, boundary: string): Fields | null {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const fields: Fields = new Map();
  // The first delimiter may stand at the very start, without a line end before it.
  let at = body.indexOf(delimiter.subarray(2));
  if (at < 0 || (at > 0 && body[at - 1] !== 0x0a)) return null;
  at += delimiter.length - 2;
  for (let parts = 0; parts < MAX_PARTS; parts++) {
    const start = startOfPart(body, at);
    if (start === null) return fields;
    const end = body.indexOf(delimiter, start - 2);
    addPart(fields, body.subarray(start, end < 0 ? body.length : end));
    if (end < 0) return fields;
    at = end + delimiter.length;
  }
  return null;
}

/** Behind the line of a delimiter; null behind the last one. */
function startOfPart(body: Buffer, at: number): number | null {
  if (body.subarray(at, at + 2).toString('latin1') === '--') return null;
  const lineEnd = body.indexOf('\r\n', at);
  return lineEnd < 0 ? null : lineEnd + 2;
}

function addPart(fields: Fields, part: Buffer): void {
  const headEnd = part.indexOf('\r\n\r\n');
  if (headEnd < 0) return;
  const name = FIELD_NAME.exec(part.subarray(0, headEnd).toString('latin1'));
  const text = name?.[1]?.replace(/\\(.)/g, '$1') ?? name?.[2];
  if (text) addField(fields, text, part.subarray(headEnd + 4));
}
