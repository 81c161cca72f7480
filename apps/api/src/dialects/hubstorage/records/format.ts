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
import type { Params } from '../../../http/params.ts';
import { StreamReply } from '../../../http/stream.ts';
import { isSet, many, one } from './params.ts';

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

/** What the caller asked for: the parameter wins, then the first type of `Accept`. JSON lines by default. */
export function formatOf(params: Params, accept = ''): FormatName {
  const name = one(params, 'format');
  if (name !== undefined) {
    const format = Object.hasOwn(BY_PARAMETER, name) ? BY_PARAMETER[name] : undefined;
    if (!format)
      throw requestErrors.invalid('format', `expected one of ${Object.keys(BY_PARAMETER).join(', ')}`);
    return format;
  }
  const type = accept.split(/[,;]/, 1)[0]?.trim().toLowerCase() ?? '';
  return (Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : undefined) ?? 'jl';
}

export interface RenderOptions {
  format: FormatName;
  params: Params;
  meta: MetaFields;
  /** Columns of CSV when the caller names none. */
  csvFields?: readonly string[];
}

/** The answer with these records. */
export function renderRows(rows: Rows, options: RenderOptions): StreamReply {
  const { format, params } = options;
  return new StreamReply(TYPES[format], encoded(rows, options), {
    headers: attachment(one(params, 'saveas')),
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

function csvOptions(params: Params, ownFields: readonly string[] | undefined): CsvOptions {
  const fields = many(params, 'fields').flatMap((names) => names.split(','));
  if (fields.length === 0 && !ownFields) throw requestErrors.invalid('fields', 'is required for CSV');
  const quote = one(params, 'quote') ?? '"';
  return {
    fields: fields.length > 0 ? fields : (ownFields ?? []),
    header: isSet(params, 'include_headers'),
    sep: one(params, 'sep') ?? ',',
    quote,
    escapeWith: one(params, 'escape') ?? quote,
    lineEnd: one(params, 'lineend') ?? '\n',
  };
}
