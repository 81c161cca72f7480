import { type RawFields, readRawObject, readRawString } from '@spiderhub/core';
import { shortened } from './text.ts';

const LONGEST = 2048;

export interface RequestTests {
  /** `404`, or `4xx`. */
  status: string | undefined;
  /** Text that the address holds. */
  q: string | undefined;
}

/** Reads requests that pass the tests; null for others. */
export function requestReader({ status, q }: RequestTests) {
  const family = status?.endsWith('xx') ? status.slice(0, 1) : null;
  return (line: Buffer) => {
    const fields = readRawObject(line) ?? new Map<string, string>();
    const request = requestOf(fields);
    const code = request.status === null ? '' : String(request.status);
    if (status !== undefined && (family ? !/^\d{3}$/.test(code) || code[0] !== family : code !== status))
      return null;
    if (q !== undefined && !(readRawString(fields.get('url')) ?? '').includes(q)) return null;
    return request;
  };
}

function requestOf(fields: RawFields) {
  return {
    time: numberOf(fields, 'time'),
    method: textOf(fields, 'method') ?? '',
    status: numberOf(fields, 'status'),
    url: textOf(fields, 'url') ?? '',
    duration: numberOf(fields, 'duration'),
    size: numberOf(fields, 'rs'),
    fingerprint: textOf(fields, 'fp'),
    parent: numberOf(fields, 'parent'),
  };
}

function numberOf(fields: RawFields, name: string): number | null {
  const raw = fields.get(name);
  if (raw === undefined || !/^-?\d/.test(raw)) return null;
  const value = Number(raw);
  return Number.isFinite(value) ? value : null;
}

function textOf(fields: RawFields, name: string): string | null {
  const text = readRawString(fields.get(name));
  return text === null ? null : shortened(text, LONGEST);
}
