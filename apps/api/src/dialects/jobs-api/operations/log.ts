import {
  LOG_LEVELS,
  type LogLevelName,
  parseJobKey,
  type StreamRef,
  type StreamStore,
} from '@spiderhub/core';
import {
  appendFields,
  logText,
  NO_META,
  type Row,
  type Rows,
  readLogRecord,
  toArray,
  toLines,
} from '@spiderhub/hub';
import { z } from 'zod';
import { oneOf } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import { StreamReply } from '../../../http/stream.ts';
import type { Parts } from '../../../parts.ts';
import { allRows, jobOf, recordFields, refOf, type Selection, selectRows } from '../records.ts';
import { asFile } from './items.ts';

const LEVEL_NAMES = Object.keys(LOG_LEVELS) as LogLevelName[];

const LogQuery = z
  .object({
    ...recordFields,
    /** The lowest level that is shown. `count` and `offset` then count what is shown. */
    level: z
      .string()
      .transform((name) => name.toUpperCase())
      .pipe(oneOf(LEVEL_NAMES))
      .optional(),
  })
  .meta({ id: 'ScrapinghubLogQuery' });

const FORMATS = [
  {
    extension: 'json',
    type: 'application/json',
    write: (rows: Rows) => toArray(withLogLevel(rows), NO_META),
  },
  {
    extension: 'jl',
    type: 'application/x-jsonlines',
    write: (rows: Rows) => toLines(withLogLevel(rows), NO_META),
  },
  { extension: 'txt', type: 'text/plain; charset=utf-8', write: asText },
];

export function logOperations(services: Parts): Operation[] {
  return FORMATS.map(({ extension, type, write }) =>
    operation({
      method: 'get',
      path: `/log.${extension}`,
      summary: `Log of a job as ${extension}`,
      action: 'logs.read',
      sends: [type],
      query: LogQuery,
    })(async ({ query, caller }) => {
      await caller.may(query.project);
      const job = await jobOf(services, query, parseJobKey);
      const ref = refOf(job, 'logs');
      const rows = query.level
        ? atLeast(services.streams, ref, LOG_LEVELS[query.level], query)
        : selectRows(services.streams, ref, query);
      return new StreamReply(type, write(rows), { headers: asFile(job, 'log', extension) });
    }),
  );
}

/** Lines of a minimum level. For the last ones, the stream's own counts tell how many have to be passed over. */
async function* atLeast(
  streams: StreamStore,
  ref: StreamRef,
  level: number,
  { offset, count }: Selection,
): AsyncGenerator<readonly Row[]> {
  const { counts } = await streams.stats(ref);
  const total = Object.entries(counts).reduce((sum, [name, n]) => (Number(name) >= level ? sum + n : sum), 0);
  let skip = offset + (count !== undefined && count < 0 ? Math.max(0, total + count) : 0);
  let left = Math.abs(count ?? Number.POSITIVE_INFINITY);
  for await (const rows of allRows(streams, ref)) {
    const found = rows.filter(({ line }) => readLogRecord(line).level >= level);
    const shown = found.slice(skip, skip + left);
    skip = Math.max(0, skip - found.length);
    left -= shown.length;
    yield shown;
    if (left <= 0) return;
  }
}

/** `logLevel` is what this API calls the level; the stored record stays as it is. */
async function* withLogLevel(rows: Rows): AsyncGenerator<Row[]> {
  for await (const list of rows) {
    yield list.map((row) => ({
      ...row,
      line: appendFields(row.line, `"logLevel":${readLogRecord(row.line).level}`),
    }));
  }
}

async function* asText(rows: Rows): AsyncGenerator<string> {
  for await (const list of rows) yield list.map(({ line }) => logText(readLogRecord(line))).join('');
}
