import {
  COLLECTION_TYPES,
  type CollectionRecord,
  type CollectionRef,
  type CollectionScan,
  DomainError,
  decodeString,
  oneLine,
  readRawObject,
  readRawString,
  scanFields,
  wellFormed,
} from '@spiderhub/core';
import { filterRows, firstRows, type Row, type Rows } from '@spiderhub/hub';
import { z } from 'zod';
import { oneOf } from '../../http/fields.ts';
import type { Parts } from '../../parts.ts';
import { last } from './records/params.ts';
import type { RecordQuery, ScanParams } from './records/query.ts';
import { Id, keyProblem } from './schema.ts';

const PAGE = 1000;

export const CollectionName = z.string().regex(/^\w{1,200}$/, 'expected letters, digits and _');
export const CollectionPath = z.object({ project: Id, type: oneOf(COLLECTION_TYPES), name: CollectionName });

export function refOf({ project, type, name }: z.output<typeof CollectionPath>): CollectionRef {
  return { project, type, name };
}

/** A line of a write as key and value. Throws in the words that clients know. */
export function toCollectionRecord(line: Buffer): { key: string; value: string } {
  const fields = readRawObject(line);
  if (!fields) throw parsingError('expected one JSON object a line');
  const key = readRawString(fields.get('_key'));
  if (key === null || key === '' || key.includes('\0')) throw parsingError('missing value for _key field');
  const problem = keyProblem(key);
  if (problem) throw parsingError(`_key: ${problem}`);
  return { key: wellFormed(key), value: withoutKey(line) };
}

/** The fields of a record as they came, repeated ones included, but for its key: that stands beside the value. */
function withoutKey(line: Buffer): string {
  const parts: string[] = [];
  scanFields(line, (nameStart, nameEnd, start, end) => {
    if (decodeString(line, nameStart, nameEnd) !== '_key') {
      const [name, value] = [line.toString('utf8', nameStart, nameEnd), line.toString('utf8', start, end)];
      parts.push(`"${name}":${oneLine(value)}`);
    }
    return true;
  });
  return `{${parts.join(',')}}`;
}

function parsingError(why: string): DomainError {
  return new DomainError('invalid', 'collection_record', `Error parsing data, ${why}`);
}

/** Which records a query means. */
export function toScan({ params, since, until }: RecordQuery<ScanParams>): CollectionScan {
  const { key: keys, prefix: prefixes, start, startafter: startAfter } = params;
  return {
    ...(keys.length > 0 && { keys }),
    ...(prefixes.length > 0 && { prefixes }),
    ...(start !== undefined && start !== '' && { start }),
    ...(startAfter !== undefined && startAfter !== '' && { startAfter }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
}

/** The records of a scan, in the order of their keys, as the query wants them. */
export function scanRows(services: Parts, ref: CollectionRef, query: RecordQuery<ScanParams>): Rows {
  const perPrefix = query.params.prefixcount;
  const scan = toScan(query);
  const all =
    perPrefix === undefined || !scan.prefixes
      ? pages(services, ref, scan)
      : prefixRows(services, ref, scan, scan.prefixes, perPrefix);
  const wanted = query.tests.length > 0 ? filterRows(all, query.tests) : all;
  return query.count === undefined ? wanted : firstRows(wanted, query.count);
}

/** At most `count` records of each prefix. */
async function* prefixRows(
  services: Parts,
  ref: CollectionRef,
  scan: CollectionScan,
  prefixes: readonly string[],
  count: number,
): AsyncGenerator<readonly Row[]> {
  for (const prefix of prefixes)
    yield* firstRows(pages(services, ref, { ...scan, prefixes: [prefix] }), count);
}

async function* pages(
  { collections }: Parts,
  ref: CollectionRef,
  scan: CollectionScan,
): AsyncGenerator<Row[]> {
  let rest = scan;
  for (;;) {
    const found = await collections.page(ref, rest, PAGE);
    const last = found.at(-1);
    if (!last) return;
    yield found.map(toRow);
    rest = { ...scan, startAfter: last.key };
  }
}

export function toRow({ key, value, ts }: CollectionRecord): Row {
  return { line: Buffer.from(value), key, ts };
}

/** A name in a query, which may be repeated like every parameter. */
export const NameParam = last.pipe(
  z.string('expected letters, digits and _').regex(/^\w{1,200}$/, 'expected letters, digits and _'),
);
