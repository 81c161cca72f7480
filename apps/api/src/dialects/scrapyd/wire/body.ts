import type { Request } from 'express';
import { readDecoded } from '../../../http/body.ts';
import { HttpProblem } from '../../../http/errors.ts';
import { addQuery, type Fields, withBody } from './fields.ts';
import { boundaryOf, parseMultipart } from './multipart.ts';

/** Largest body of a form with an egg; ScrapydWeb writes most bytes of one as three. */
const MAX_UPLOAD_BYTES = 200 * 1024 * 1024;
const MAX_BODY_BYTES = 16 * 1024 * 1024;

export function queryFields(req: Request): Fields {
  const fields: Fields = new Map();
  const start = req.url.indexOf('?');
  if (start >= 0) addQuery(fields, Buffer.from(req.url.slice(start + 1), 'latin1'));
  return fields;
}

/** All parameters of a POST: a form in the body counts more than the query. Other media types are not looked at. */
export async function bodyFields(req: Request, takesEgg: boolean): Promise<Fields> {
  const query = queryFields(req);
  const header = req.headers['content-type'] ?? '';
  const type = header.split(';', 1)[0]?.trim().toLowerCase();
  const isMultipart = type === 'multipart/form-data';
  if (!isMultipart && type !== 'application/x-www-form-urlencoded') {
    req.resume();
    return query;
  }
  const raw = await readDecoded(req, takesEgg ? MAX_UPLOAD_BYTES : MAX_BODY_BYTES);
  if (raw.length === 0) return query;
  if (isMultipart) return withBody(query, multipartFields(header, raw));
  const body: Fields = new Map();
  addQuery(body, raw);
  return withBody(query, body);
}

function multipartFields(contentType: string, raw: Buffer): Fields {
  const boundary = boundaryOf(contentType);
  const fields = boundary === null ? null : parseMultipart(raw, boundary);
  if (!fields) throw new HttpProblem(400, 'the body is not a valid multipart form');
  return fields;
}
