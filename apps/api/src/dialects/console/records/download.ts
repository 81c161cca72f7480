import {
  formatJobKey,
  requestErrors,
  type StreamRef,
  type StreamStats,
  type StreamStore,
} from '@spiderhub/core';
import {
  logText,
  NO_META,
  type Row,
  type Rows,
  readLogRecord,
  toArray,
  toCsv,
  toLines,
  toXml,
} from '@spiderhub/hub';
import { StreamReply } from '../../../http/stream.ts';

export interface FileWish {
  format: 'jl' | 'json' | 'csv' | 'xml' | 'txt';
  /** Columns of a CSV; null for those that there are. */
  fields: string[] | null;
  /** Whether texts that a spreadsheet would run get an apostrophe. */
  guard: boolean;
}

const COLUMNS = {
  logs: ['time', 'level', 'message'],
  requests: ['time', 'method', 'status', 'url', 'duration', 'rs', 'fp', 'parent'],
};

const TYPES: Record<FileWish['format'], string> = {
  jl: 'application/x-jsonlines; charset=UTF-8',
  json: 'application/json; charset=UTF-8',
  csv: 'text/csv; charset=UTF-8',
  xml: 'application/xml; charset=UTF-8',
  txt: 'text/plain; charset=UTF-8',
};

/** A whole stream as a file to keep. */
export function fileReply(
  streams: StreamStore,
  ref: StreamRef,
  stats: StreamStats,
  wish: FileWish,
): StreamReply {
  const { format } = wish;
  const name = `${formatJobKey(ref.key).replaceAll('/', '-')}-${ref.stream}.${format}`;
  const headers = { 'Content-Disposition': `attachment; filename="${name}"` };
  return new StreamReply(TYPES[format], encoded(rowsOf(streams, ref), ref, stats, wish), { headers });
}

function encoded(rows: Rows, ref: StreamRef, stats: StreamStats, { format, fields, guard }: FileWish) {
  switch (format) {
    case 'jl':
      return toLines(rows, NO_META);
    case 'json':
      return toArray(rows, NO_META);
    case 'csv':
      return toCsv(rows, { fields: fields ?? columnsOf(ref, stats), header: true, guard }, NO_META);
    case 'xml':
      return toXml(rows, NO_META);
    case 'txt':
      if (ref.stream !== 'logs') throw requestErrors.invalid('format', 'only logs are there as text');
      return asText(rows);
  }
}

function columnsOf({ stream }: StreamRef, { counts }: StreamStats): string[] {
  if (stream === 'logs' || stream === 'requests') return COLUMNS[stream];
  return Object.entries(counts)
    .sort((a, b) => b[1] - a[1])
    .map(([name]) => name);
}

async function* rowsOf(streams: StreamStore, ref: StreamRef): AsyncGenerator<Row[]> {
  for await (const { ts, lines } of streams.read(ref)) yield lines.map((line) => ({ line, key: null, ts }));
}

async function* asText(rows: Rows): AsyncGenerator<string> {
  for await (const list of rows) yield list.map(({ line }) => logText(readLogRecord(line))).join('');
}
