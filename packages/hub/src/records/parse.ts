import { randomBytes } from 'node:crypto';

/** Extensions that Python writes and JSON.parse refuses, and integers that it would change. */
const DELICATE = /NaN|Infinity|\d{16}/;
const TOKENS = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;
const BIG_INTEGER = /^-?\d{16,}$/;
/** Marks a token that stands in for one that JSON does not know; nobody outside can guess it. */
const MARK = `\u0001${randomBytes(12).toString('hex')}:`;

/**
 * Parses a raw record for looking into it: `NaN` and `Infinity` become those numbers, integers beyond 2^53 become
 * bigints. Undefined when it is not JSON.
 */
export function parseRecord(line: Buffer): unknown {
  const text = line.toString('utf8');
  try {
    return DELICATE.test(text)
      ? (JSON.parse(marked(text), unmarked) as unknown)
      : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function marked(text: string): string {
  return text.replaceAll(TOKENS, (token) => {
    if (token.startsWith('"')) return token;
    const isDelicate = token === 'NaN' || token.endsWith('Infinity') || BIG_INTEGER.test(token);
    return isDelicate ? JSON.stringify(MARK + token) : token;
  });
}

function unmarked(_name: string, value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith(MARK)) return value;
  const token = value.slice(MARK.length);
  if (!BIG_INTEGER.test(token)) return Number(token);
  const integer = BigInt(token);
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}
