import {
  decodeString,
  isJson,
  LOG_LEVELS,
  requestErrors,
  type StreamName,
  scanFields,
} from '@spiderhub/core';
import { readableRequest } from './request-line.ts';

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const QUOTE = 0x22;

/** What is stored of a line that came in. Throws `invalid` for a line that is no record of this stream. */
export function toRecord(stream: StreamName, line: Buffer, now: number): Buffer {
  const open = stream === 'samples' ? OPEN_BRACKET : OPEN_BRACE;
  if (line[0] !== open || !isJson(line)) {
    throw requestErrors.invalid(
      'body',
      `expected one JSON ${stream === 'samples' ? 'array' : 'object'} a line`,
    );
  }
  if (stream === 'logs') return toLog(line, now);
  return stream === 'requests' ? readableRequest(line) : line;
}

/**
 * Exactly time, level and message, as the original kept them (recorded: extra fields were dropped), each of the type
 * that clients count on: `shub log` ends in a traceback otherwise, and levels are counted and filtered as numbers. A
 * line that is right stays as it is.
 */
function toLog(line: Buffer, now: number): Buffer {
  const { time, level, message, isBare } = logFields(line);
  if (isBare && isNumber(time) && isNumber(level) && isText(message)) return line;
  return Buffer.concat([
    Buffer.from(`{"time":${numberOf(time) ?? now},"level":${levelOf(level)},"message":`),
    textOf(message),
    Buffer.from('}'),
  ]);
}

type LogFields = Partial<Record<'time' | 'level' | 'message', Buffer>>;

/** The raw values, and whether the line has these fields alone, each once. */
function logFields(line: Buffer): LogFields & { isBare: boolean } {
  const fields: LogFields = {};
  let count = 0;
  scanFields(line, (keyStart, keyEnd, start, end) => {
    count += 1;
    const name = decodeString(line, keyStart, keyEnd);
    // Of repeated names the last one counts.
    if (name === 'time' || name === 'level' || name === 'message') fields[name] = line.subarray(start, end);
    return true;
  });
  return { ...fields, isBare: count === 3 && Object.keys(fields).length === 3 };
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;
/** Longer ones are no times and no levels. */
const MAX_DIGITS = 40;
/** Names that Python's `logging` knows beside those of the levels. */
const LEVELS: ReadonlyMap<string, number> = new Map<string, number>([
  ...Object.entries(LOG_LEVELS),
  ['FATAL', LOG_LEVELS.CRITICAL],
  ['WARN', LOG_LEVELS.WARNING],
  ['NOTSET', 0],
]);

/** Python's `NaN` and `Infinity` are none here. */
function isNumber(raw: Buffer | undefined): boolean {
  const text = raw && raw.length <= MAX_DIGITS ? raw.toString('latin1') : '';
  return NUMBER.test(text) && Number.isFinite(Number(text));
}

function isText(raw: Buffer | undefined): boolean {
  return raw?.[0] === QUOTE;
}

/** The JSON text of a number, or of the number that a text says. */
function numberOf(raw: Buffer | undefined): string | null {
  const digits = isText(raw) ? Buffer.from(contentOf(raw)) : raw;
  return isNumber(digits) ? (digits as Buffer).toString() : null;
}

function levelOf(raw: Buffer | undefined): string {
  return numberOf(raw) ?? String(LEVELS.get(contentOf(raw).toUpperCase()) ?? LOG_LEVELS.INFO);
}

/** What a short text says, without space around it; empty for everything else. */
function contentOf(raw: Buffer | undefined): string {
  if (!raw || !isText(raw) || raw.length > MAX_DIGITS) return '';
  return (decodeString(raw, 1, raw.length - 1) ?? '').trim();
}

/** A text as it lies; nothing as the empty text, anything else as its JSON. */
function textOf(raw: Buffer | undefined): Buffer {
  if (raw && isText(raw)) return raw;
  const json = raw?.toString() ?? 'null';
  return Buffer.from(json === 'null' ? '""' : JSON.stringify(json));
}
