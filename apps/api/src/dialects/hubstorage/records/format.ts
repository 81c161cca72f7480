import { requestErrors } from '@spiderhub/core';
import {
  type CsvOptions,
  type MetaFields,
  type Rows,
  toArray,
  toCsv,
  toLines,
  toMsgpack,
  toXml,
} from '@spiderhub/hub';
import { z } from 'zod';
import { StreamReply } from '../../../http/stream.ts';
import { last } from './params.ts';
import type { RecordParams } from './query.ts';

export type FormatName = 'jl' | 'json' | 'msgpack' | 'csv' | 'xml' | 'text';

const BY_PARAMETER: Record<string, FormatName> = {
  jl: 'jl',
  jsonl: 'jl',
  json: 'json',
  csv: 'csv',
  xml: 'xml',
  text: 'text',
  msgpack: 'msgpack',
};

const BY_TYPE: Record<string, FormatName> = {
  'application/x-jsonlines': 'jl',
  'application/json': 'json',
  'application/x-msgpack': 'msgpack',
  'application/msgpack': 'msgpack',
  'text/csv': 'csv',
  'application/xml': 'xml',
  'text/xml': 'xml',
  'text/plain': 'text',
};

const TYPES: Record<FormatName, string> = {
  jl: 'application/x-jsonlines; charset=UTF-8',
  json: 'application/json; charset=UTF-8',
  msgpack: 'application/x-msgpack; charset=UTF-8',
  csv: 'text/csv; charset=UTF-8',
  xml: 'application/xml; charset=UTF-8',
  text: 'text/plain; charset=UTF-8',
};

/** Media types of answers with records, whichever the caller chooses. */
export const RECORD_TYPES = Object.values(TYPES).map((type) => type.split(';', 1)[0] as string);

/** The parameter `format`, an empty one included: it is no format. */
export const FormatParam = last.transform((name, context): FormatName | undefined => {
  if (name === undefined) return undefined;
  const format = Object.hasOwn(BY_PARAMETER, name) ? BY_PARAMETER[name] : undefined;
  if (format) return format;
  const names = Object.keys(BY_PARAMETER).join(', ');
  context.issues.push({ code: 'custom', message: `expected one of ${names}`, input: name });
  return z.NEVER;
});

/** What the caller asked for: the parameter wins, then the first type of `Accept`. JSON lines by default. */
export function formatOf(asked: FormatName | undefined, accept = ''): FormatName {
  if (asked !== undefined) return asked;
  const type = accept.split(/[,;]/, 1)[0]?.trim().toLowerCase() ?? '';
  return (Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : undefined) ?? 'jl';
}

export interface RenderOptions {
  format: FormatName;
  params: RecordParams;
  meta: MetaFields;
  /** Columns of CSV when the caller names none. */
  csvFields?: readonly string[];
}

/** The answer with these records. */
export function renderRows(rows: Rows, options: RenderOptions): StreamReply {
  const { format, params } = options;
  return new StreamReply(TYPES[format], encoded(rows, options), {
    headers: attachment(params.saveas),
  });
}

/** Headers of an answer that the caller wants to keep as a file. */
export function attachment(name: string | undefined): Record<string, string> {
  if (name === undefined) return {};
  const safe = name.replaceAll(/[^\w.@ -]/g, '_').slice(0, 200);
  return { 'Content-Disposition': `Attachment; filename="${safe}"` };
}

function encoded(rows: Rows, options: RenderOptions): AsyncIterable<string | Buffer> {
  const { format, params, meta, csvFields } = options;
  switch (format) {
    case 'jl':
    case 'text':
      return toLines(rows, meta);
    case 'json':
      return toArray(rows, meta);
    case 'msgpack':
      return toMsgpack(rows, meta);
    case 'csv':
      return toCsv(rows, csvOptions(params, csvFields), meta);
    case 'xml':
      return toXml(rows, meta);
  }
}

function csvOptions(params: RecordParams, ownFields: readonly string[] | undefined): CsvOptions {
  const fields = params.fields.flatMap((names) => names.split(','));
  if (fields.length === 0 && !ownFields) throw requestErrors.invalid('fields', 'is required for CSV');
  const quote = params.quote ?? '"';
  return {
    fields: fields.length > 0 ? fields : (ownFields ?? []),
    header: params.include_headers,
    sep: params.sep ?? ',',
    quote,
    escapeWith: params.escape ?? quote,
    lineEnd: params.lineend ?? '\n',
  };
}
