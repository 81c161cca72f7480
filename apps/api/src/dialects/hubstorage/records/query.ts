import type { IncomingHttpHeaders } from 'node:http';
import { type MetaFields, parseFilter, type Test } from '@spiderhub/hub';
import type { Params } from '../../../http/params.ts';
import { type FormatName, formatOf } from './format.ts';
import { isSet, many, moment, wholeNumber } from './params.ts';

/** What all lists of records understand. Unknown parameters mean nothing. */
export interface RecordQuery {
  params: Params;
  format: FormatName;
  meta: MetaFields;
  tests: Test[];
  count: number | undefined;
  /** Written at or after, ms. */
  since: number | undefined;
  /** Written before, ms. */
  until: number | undefined;
}

/** Throws `invalid` for parameters that cannot be understood. */
export function readRecordQuery(params: Params, headers: IncomingHttpHeaders): RecordQuery {
  const meta = new Set(many(params, 'meta').flatMap((names) => names.split(',')));
  return {
    params,
    format: formatOf(params, headers.accept),
    meta: {
      key: meta.has('_key'),
      ts: meta.has('_ts'),
      project: meta.has('_project'),
      nodata: isSet(params, 'nodata'),
    },
    tests: [
      ...many(params, 'filter').map((text) => parseFilter(text)),
      ...many(params, 'filterany').map((text) => parseFilter(text, 'any')),
      ...many(params, 'filterall').map((text) => parseFilter(text, 'all')),
    ],
    count: wholeNumber(params, 'count'),
    since: moment(params, 'startts'),
    until: moment(params, 'endts'),
  };
}
