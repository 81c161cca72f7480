import { decodeString, isJson, requestErrors, type StreamName, scanFields } from '@spiderhub/core';

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

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

const LOG_FIELDS = ['time', 'level', 'message'];

/** Exactly time, level and message, as the original kept them (recorded: extra fields were dropped). */
function toLog(line: Buffer, now: number): Buffer {
  const fields = rawFields(line);
  if (fields.size === 3 && LOG_FIELDS.every((name) => fields.has(name))) return line;
  const time = fields.get('time') ?? String(now);
  return Buffer.from(
    `{"time":${time},"level":${fields.get('level') ?? '20'},"message":${fields.get('message') ?? '""'}}`,
  );
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
