import type { RecordBatch } from '@spiderhub/core';
import { readLogRecord } from '@spiderhub/hub';
import type { Encode } from './stream-watch.ts';

/** A log line longer than this is cut, bytes: it is for people to look at. */
const MAX_LINE_BYTES = 64 * 1024;
const CR = 0x0d;
const LF = 0x0a;

/** Place of a record in the streams of a job: which attempt, and its number there. */
export interface RecordPlace {
  attempt: number;
  number: number;
}

const PLACE = /^(\d{1,9})-(\d{1,15})$/;

/** Reads what an event was called by `id:`; null when the text is none. */
export function readPlace(text: string): RecordPlace | null {
  const [, attempt, number] = PLACE.exec(text) ?? [];
  return attempt === undefined ? null : { attempt: Number(attempt), number: Number(number) };
}

/** Items and requests go as they lie, in one line of data. */
export function encodeRecords(attempt: number): Encode {
  return ({ first, lines }) =>
    Buffer.concat(
      lines.flatMap((line, i) => [Buffer.from(`id: ${attempt}-${first + i}\ndata: `), inOneLine(line), END]),
    );
}

const END = Buffer.from('\n\n');

/** Log lines of at least a level: `{"n","time","level","message"}`, and `truncated` when a message was cut. */
export function encodeLog(attempt: number, level: number): Encode {
  return ({ first, ts, lines }: RecordBatch) => {
    const events = lines.map((line, i) => {
      const record = readLogRecord(line);
      if (record.level < level) return '';
      const isLong = line.length > MAX_LINE_BYTES;
      const shown = {
        n: first + i,
        time: record.time ?? ts,
        level: record.level,
        message: isLong ? cut(record.message) : record.message,
        ...(isLong && { truncated: true }),
      };
      return `id: ${attempt}-${first + i}\ndata: ${JSON.stringify(shown)}\n\n`;
    });
    return Buffer.from(events.join(''));
  };
}

function cut(message: string): string {
  return Buffer.from(message)
    .subarray(0, MAX_LINE_BYTES)
    .toString('utf8')
    .replace(/\ufffd+$/, '');
}

/** JSON has line ends only between its tokens, where a blank means the same; here they would end the event's data. */
function inOneLine(line: Buffer): Buffer {
  if (!line.includes(CR) && !line.includes(LF)) return line;
  return Buffer.from(line.map((byte) => (byte === CR || byte === LF ? 0x20 : byte)));
}
