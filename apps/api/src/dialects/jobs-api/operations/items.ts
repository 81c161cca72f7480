import { type Job, parseJobKey, requestErrors } from '@spiderhub/core';
import {
  type CsvOptions,
  isYes,
  type MetaFields,
  NO_META,
  type Rows,
  toArray,
  toCsv,
  toLines,
} from '@spiderhub/hub';
import { z } from 'zod';
import { Text, Texts } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import { StreamReply } from '../../../http/stream.ts';
import type { Parts } from '../../../parts.ts';
import { jobOf, recordFields, refOf, selectRows } from '../records.ts';

const ItemsQuery = z
  .object({
    ...recordFields,
    /** `_key` and `_ts`, repeated or with a comma between, added to each item; other names are ignored. */
    meta: Texts.default([]),
    /** For CSV: columns, separated by commas. */
    fields: Text.optional(),
    include_headers: Text.optional(),
    /** For CSV that a person opens in a spreadsheet: texts that look like formulas are made harmless. */
    safe: Text.optional(),
  })
  .meta({ id: 'ScrapinghubItemsQuery' });
type ItemsQuery = z.output<typeof ItemsQuery>;

interface Format {
  extension: 'json' | 'jl' | 'csv';
  type: string;
  write: (rows: Rows, query: ItemsQuery) => AsyncIterable<Buffer | string>;
}

const FORMATS: readonly Format[] = [
  {
    extension: 'json',
    type: 'application/json',
    write: (rows, { meta }) => toArray(rows, metaOf(meta)),
  },
  {
    extension: 'jl',
    type: 'application/x-jsonlines',
    write: (rows, { meta }) => toLines(rows, metaOf(meta)),
  },
  {
    extension: 'csv',
    type: 'text/csv; charset=utf-8',
    write: (rows, query) => toCsv(rows, csvOptions(query), metaOf(query.meta)),
  },
];

export function itemOperations(services: Parts): Operation[] {
  return FORMATS.map((format) => readItems(services, format));
}

function readItems(services: Parts, { extension, type, write }: Format): Operation {
  return operation({
    method: 'get',
    path: `/items.${extension}`,
    summary: `Items of a job as ${extension}`,
    action: 'items.read',
    sends: [type],
    query: ItemsQuery,
  })(async ({ query, caller }) => {
    await caller.may(query.project);
    const job = await jobOf(services, query, parseJobKey);
    const rows = selectRows(services.streams, refOf(job, 'items'), query);
    return new StreamReply(type, write(rows, query), { headers: asFile(job, 'items', extension) });
  });
}

/** Whatever a crawl wrote is for programs: a browser saves it and never shows it as a page of ours. */
export function asFile({ key }: Job, stream: string, extension: string): Record<string, string> {
  const name = `${stream}-${key.project}-${key.spider}-${key.job}.${extension}`;
  return { 'Content-Disposition': `attachment; filename="${name}"` };
}

function metaOf(given: readonly string[]): MetaFields {
  const names = given.flatMap((text) => text.split(','));
  return { ...NO_META, key: names.includes('_key'), ts: names.includes('_ts') };
}

function csvOptions(query: ItemsQuery): CsvOptions {
  const fields = (query.fields ?? '').split(',').filter((field) => field !== '');
  if (fields.length === 0) throw requestErrors.invalid('fields', 'is required for CSV');
  return { fields, header: isYes(query.include_headers), guard: isYes(query.safe) };
}
