import { decodedLength, decodeString, scanFields } from '../json/scan.ts';
import type { StreamName, Tally } from '../ports/stream-store.ts';
import { countItem } from './item-tally.ts';

const QUOTE = 0x22;
const LEVEL = /^\d{1,4}$/;
const REQUEST_FIELDS: ReadonlySet<string> = new Set([
  'url',
  'parent',
  'status',
  'method',
  'rs',
  'duration',
  'fp',
]);

/**
 * What each stream keeps count of while records arrive.
 * - items: how many have each top-level field; bytes of the raw lines.
 * - logs: how many of each level; bytes of the messages in UTF-8 plus one for each.
 * - requests: how many have each known field with a value; bytes of the raw lines.
 * - samples: nothing but bytes of the raw lines.
 */
export const TALLIES: Record<StreamName, Tally> = {
  items: countItem,
  logs: countLog,
  requests: countRequest,
  samples: (line) => ({ bytes: line.length, counts: [] }),
};

function countLog(line: Buffer): ReturnType<Tally> {
  let level = '';
  let messageBytes = 0;
  scanFields(line, (keyStart, keyEnd, valueStart, valueEnd) => {
    const name = decodeString(line, keyStart, keyEnd);
    if (name === 'level') level = line.toString('latin1', valueStart, Math.min(valueEnd, valueStart + 5));
    if (name === 'message') messageBytes = textBytes(line, valueStart, valueEnd);
    return true;
  });
  return { bytes: messageBytes + 1, counts: LEVEL.test(level) ? [level] : [] };
}

function textBytes(line: Buffer, start: number, end: number): number {
  return line[start] === QUOTE ? decodedLength(line, start + 1, end - 1) : end - start;
}

/** A null is left out when requests are read, so it is not counted either. */
function countRequest(line: Buffer): ReturnType<Tally> {
  const found = new Set<string>();
  scanFields(line, (keyStart, keyEnd, valueStart, valueEnd) => {
    const name = decodeString(line, keyStart, keyEnd);
    if (name === null || !REQUEST_FIELDS.has(name)) return true;
    // The last of repeated keys counts, as it does for whoever parses the line.
    if (isNull(line, valueStart, valueEnd)) found.delete(name);
    else found.add(name);
    return true;
  });
  return { bytes: line.length, counts: [...found] };
}

function isNull(line: Buffer, start: number, end: number): boolean {
  return end - start === 4 && line.toString('latin1', start, end) === 'null';
}
