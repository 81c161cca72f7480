import { decodeString, isJson, requestErrors, type StreamName, scanFields } from '@spiderhub/core';

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
  return stream === 'requests' ? toRequest(line) : line;
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
const INFO = 20;
/** Names of Python's levels. */
const LEVELS: ReadonlyMap<string, number> = new Map([
  ['CRITICAL', 50],
  ['FATAL', 50],
  ['ERROR', 40],
  ['WARNING', 30],
  ['WARN', 30],
  ['INFO', INFO],
  ['DEBUG', 10],
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
  return numberOf(raw) ?? String(LEVELS.get(contentOf(raw).toUpperCase()) ?? INFO);
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

/** Without a null `parent` and `fp`, as the original gave requests back. */
function toRequest(line: Buffer): Buffer {
  if (!line.includes('null')) return line;
  const fields = rawFields(line);
  let isChanged = false;
  for (const name of ['parent', 'fp']) if (fields.get(name) === 'null') isChanged = fields.delete(name);
  if (!isChanged) return line;
  const parts = [...fields].map(([name, raw]) => `${JSON.stringify(name)}:${raw}`);
  return Buffer.from(`{${parts.join(',')}}`);
}

function rawFields(line: Buffer): Map<string, string> {
  const fields = new Map<string, string>();
  scanFields(line, (keyStart, keyEnd, start, end) => {
    const name = decodeString(line, keyStart, keyEnd);
    if (name !== null) fields.set(name, line.toString('utf8', start, end));
    return true;
  });
  return fields;
}
