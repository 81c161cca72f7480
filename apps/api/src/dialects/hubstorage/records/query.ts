import type { IncomingHttpHeaders } from 'node:http';
import { type MetaFields, parseFilter, type Test } from '@spiderhub/hub';
import { z } from 'zod';
import { type FormatName, FormatParam, formatOf } from './format.ts';
import { last, many, moment, wholeNumber, yes } from './params.ts';

/** What all lists of records understand. */
const recordFields = {
  format: FormatParam,
  /** `_key`, `_ts` and `_project`, separated by commas. */
  meta: many,
  nodata: yes,
  filter: many,
  filterany: many,
  filterall: many,
  count: wholeNumber,
  startts: moment,
  endts: moment,
  /** Where to begin: a record's key or number, or a key of a collection. */
  start: last,
  startafter: last,
  /** Numbers of single records. */
  index: many,
  /** Name of a file to save the answer as. */
  saveas: last,
  /** Of CSV. */
  fields: many,
  include_headers: yes,
  sep: last,
  quote: last,
  escape: last,
  lineend: last,
};

export const RecordParams = z.object(recordFields).meta({ id: 'HubstorageRecords' });
export type RecordParams = z.output<typeof RecordParams>;

/** Of collections, too. */
export const ScanParams = z
  .object({ ...recordFields, key: many, prefix: many, prefixcount: wholeNumber })
  .meta({ id: 'HubstorageScan' });
export type ScanParams = z.output<typeof ScanParams>;

/** Of a slot's queue, too. */
export const BatchParams = z
  .object({ ...recordFields, mincount: wholeNumber })
  .meta({ id: 'HubstorageBatches' });

/** Of events of several projects, too: which, and how many of each. */
export const EventsParams = z
  .object({ p: many, pcount: wholeNumber, ...recordFields })
  .meta({ id: 'HubstorageEvents' });

/** A query of records as it is carried out. */
export interface RecordQuery<P extends RecordParams = RecordParams> {
  params: P;
  format: FormatName;
  meta: MetaFields;
  tests: Test[];
  count: number | undefined;
  /** Written at or after, ms. */
  since: number | undefined;
  /** Written before, ms. */
  until: number | undefined;
}

/** Throws `invalid` for a filter that is none. */
export function toRecordQuery<P extends RecordParams>(
  params: P,
  { accept }: IncomingHttpHeaders,
): RecordQuery<P> {
  const meta = new Set(params.meta.flatMap((names) => names.split(',')));
  return {
    params,
    format: formatOf(params.format, accept),
    meta: {
      key: meta.has('_key'),
      ts: meta.has('_ts'),
      project: meta.has('_project'),
      nodata: params.nodata,
    },
    tests: [
      ...params.filter.map((text) => parseFilter(text)),
      ...params.filterany.map((text) => parseFilter(text, 'any')),
      ...params.filterall.map((text) => parseFilter(text, 'all')),
    ],
    count: params.count,
    since: params.startts,
    until: params.endts,
  };
}
