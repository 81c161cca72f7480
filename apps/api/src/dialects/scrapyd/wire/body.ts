import type { Request } from 'express';
import { readBody } from '../../../http/body.ts';
import { HttpProblem } from '../../../http/errors.ts';
import { type Fields, withBody } from './fields.ts';
import { addForm, type FormReader } from './form-reader.ts';
import { boundaryOf, MultipartReader } from './multipart.ts';
import { addQuery, createUrlencodedReader } from './urlencoded.ts';

const MAX_BODY_BYTES = 16 * 1024 * 1024;

export function queryFields(req: Request): Fields {
  const fields: Fields = new Map();
  const start = req.url.indexOf('?');
  if (start >= 0) addQuery(fields, Buffer.from(req.url.slice(start + 1), 'latin1'));
  return fields;
}

/** All parameters of a POST: a form in the body counts more than the query. Other media types are not looked at. */
export async function bodyFields(req: Request): Promise<Fields> {
  const query = queryFields(req);
  const form = readerFor(req);
  if (!form) {
    req.resume();
    return query;
  }
  const raw = await readBody(req, MAX_BODY_BYTES);
  if (raw.length === 0) return query;
  const body: Fields = new Map();
  addForm(body, form.reader, raw);
  return withBody(query, body);
}

/** What reads the form of a body; null when its media type is that of no form. */
export function readerFor(req: Request): { reader: FormReader; isUrlencoded: boolean } | null {
  const header = req.headers['content-type'] ?? '';
  const type = header.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') {
    return { reader: createUrlencodedReader(), isUrlencoded: true };
  }
  if (type !== 'multipart/form-data') return null;
  const boundary = boundaryOf(header);
  if (boundary === null) throw new HttpProblem(400, 'the body is not a valid multipart form');
  return { reader: new MultipartReader(boundary), isUrlencoded: false };
}
