import { formatJobKey, type Job, parseJobKey, type RecordBatch, requestErrors } from '@spiderhub/core';
import { z } from 'zod';
import { Text, Texts } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import { StreamReply } from '../../../http/stream.ts';
import type { Parts } from '../../../parts.ts';
import { type CsvOptions, csvHeader, csvLine } from '../csv.ts';
import { appendFields, asArray, asLines, jobOf, recordFields, refOf, selectBatches } from '../records.ts';

const META = ['_key', '_ts'] as const;
const YES = /^(1|y|yes|true)$/i;

const ItemsQuery = z
  .object({
    ...recordFields,
    /** `_key` and `_ts`, added to each item; other names are ignored. */
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
  write: (batches: AsyncIterable<RecordBatch>, job: Job, query: ItemsQuery) => AsyncIterable<Buffer | string>;
}

const FORMATS: readonly Format[] = [
  {
    extension: 'json',
    type: 'application/json',
    write: (batches, job, query) => asArray(withMeta(batches, job, query.meta)),
  },
  {
    extension: 'jl',
    type: 'application/x-jsonlines',
    write: (batches, job, query) => asLines(withMeta(batches, job, query.meta)),
  },
  {
    extension: 'csv',
    type: 'text/csv; charset=utf-8',
    write: (batches, job, query) => asCsv(batches, job, query),
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
    query: ItemsQuery,
  })(async ({ query, who }) => {
    await services.access.project(who, query.project);
    const job = await jobOf(services, query, parseJobKey);
    const batches = selectBatches(services.streams, refOf(job, 'items'), query);
    return new StreamReply(type, write(batches, job, query), { headers: asFile(job, 'items', extension) });
  });
}

/** Whatever a crawl wrote is for programs: a browser saves it and never shows it as a page of ours. */
export function asFile({ key }: Job, stream: string, extension: string): Record<string, string> {
  const name = `${stream}-${key.project}-${key.spider}-${key.job}.${extension}`;
  return { 'Content-Disposition': `attachment; filename="${name}"` };
}

async function* withMeta(
  batches: AsyncIterable<RecordBatch>,
  job: Job,
  meta: readonly string[],
): AsyncGenerator<Buffer[]> {
  const wanted = META.filter((name) => meta.includes(name));
  const jobKey = formatJobKey(job.key);
  for await (const { first, ts, lines } of batches) {
    yield wanted.length === 0
      ? lines
      : lines.map((line, i) => appendFields(line, metaText(wanted, `${jobKey}/${first + i}`, ts)));
  }
}

function metaText(wanted: readonly (typeof META)[number][], key: string, ts: number): string {
  return wanted.map((name) => (name === '_key' ? `"_key":"${key}"` : `"_ts":${ts}`)).join(',');
}

function asCsv(batches: AsyncIterable<RecordBatch>, job: Job, query: ItemsQuery): AsyncGenerator<string> {
  const fields = (query.fields ?? '').split(',').filter((field) => field !== '');
  if (fields.length === 0) throw requestErrors.invalid('fields', 'is required for CSV');
  const options = { fields, safe: YES.test(query.safe ?? '') };
  return csvLines(withMeta(batches, job, query.meta), options, YES.test(query.include_headers ?? ''));
}

async function* csvLines(
  batches: AsyncIterable<Buffer[]>,
  options: CsvOptions,
  hasHeader: boolean,
): AsyncGenerator<string> {
  if (hasHeader) yield csvHeader(options);
  for await (const lines of batches) yield lines.map((line) => csvLine(line, options)).join('');
}
