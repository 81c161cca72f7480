import { parseStrict, requestErrors, type StreamRef } from '@spiderhub/core';
import { jobContracts as contracts } from '@spiderhub/wire';
import type { Operation } from '../../../../http/operation.ts';
import type { Parts } from '../../../../parts.ts';
import { shareOf, sharesOf, usualShares } from '../../jobs/coverage.ts';
import { existingJob, keyOf, streamOf } from '../../jobs/find.ts';
import { summaryOf } from '../../records/field-summary.ts';
import { rawValue, rawValues } from '../../records/raw-fields.ts';
import { lookForward } from '../../records/search.ts';
import { served } from '../../served.ts';

const PAGE = 50;
/** Bytes of a value in a list, and of one that somebody opened. */
const LISTED_VALUE = 2048;
const WHOLE_VALUE = 1_000_000;
const SAMPLE = 1000;
/** A sample of a long stream is made of so many pieces of it. */
const PIECES = 10;

export function itemOperations(parts: Parts): Operation[] {
  return [readItems(parts), readItem(parts), readCoverage(parts), readField(parts)];
}

/** Names of fields as a JSON list; null for none. */
export function namesIn(text: string | undefined): string[] | null {
  if (text === undefined) return null;
  const names = parseStrict(text);
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  throw requestErrors.invalid('fields', 'expected a JSON list of texts');
}

const readItems = (parts: Parts) =>
  served(
    contracts.readItems,
    'items.read',
  )(async ({ caller, params, query }) => {
    const key = keyOf(params);
    await caller.may(key);
    const { from = 0, limit = PAGE, fields, attempt } = query;
    const names = namesIn(fields);
    const wanted = names && new Set(names);
    const { ref } = await streamOf(parts, key, 'items', attempt);
    const { end } = await parts.streams.stats(ref);
    const read = (line: Buffer) => rawValues(line, LISTED_VALUE, wanted);
    const { found, scannedTo, done } = await lookForward(parts.streams, ref, { from, end, limit, read });
    return { items: found.map(({ n, value }) => ({ n, fields: value })), next: scannedTo, done, end };
  });

const readItem = (parts: Parts) =>
  served(
    contracts.readItem,
    'items.read',
  )(async ({ caller, params, query }) => {
    const key = keyOf(params);
    await caller.may(key);
    const { record } = params;
    const { ref } = await streamOf(parts, key, 'items', query.attempt);
    const look = {
      from: record,
      end: record + 1,
      limit: 1,
      read: (line: Buffer) => rawValues(line, WHOLE_VALUE),
    };
    const [found] = (await lookForward(parts.streams, ref, look)).found;
    if (found?.n !== record) throw requestErrors.invalid('record', `there is no item ${record}`);
    return { n: record, fields: found.value };
  });

const readCoverage = (parts: Parts) =>
  served(
    contracts.readCoverage,
    'items.read',
  )(async ({ caller, params }) => {
    const key = keyOf(params);
    await caller.may(key);
    const job = await existingJob(parts, key);
    const [shares, usual] = await Promise.all([sharesOf(parts, job), usualShares(parts, job)]);
    const lost = [...(usual ?? [])].filter(([, share]) => share > 0).map(([name]) => name);
    const names = [...new Set([...shares.counts.keys(), ...lost])];
    const fields = names.map((name) => ({
      name,
      count: shares.counts.get(name) ?? 0,
      share: shareOf(shares, name),
      usual: usual && (usual.get(name) ?? 0),
    }));
    return { items: shares.items, bytes: shares.bytes, fields: fields.sort((a, b) => b.count - a.count) };
  });

const readField = (parts: Parts) =>
  served(
    contracts.readField,
    'items.read',
  )(async ({ caller, params, query: { name, attempt } }) => {
    const key = keyOf(params);
    await caller.may(key);
    const { ref } = await streamOf(parts, key, 'items', attempt);
    return summaryOf(await sampleOf(parts, ref, name));
  });

/** Values of one field: of all items, or evenly over a long stream. */
async function sampleOf({ streams }: Parts, ref: StreamRef, name: string): Promise<(string | null)[]> {
  const { end } = await streams.stats(ref);
  const read = (line: Buffer) => ({ json: rawValue(line, name) });
  const isShort = end <= SAMPLE;
  const starts = isShort ? [0] : Array.from({ length: PIECES }, (_, nth) => Math.floor((nth * end) / PIECES));
  const limit = isShort ? SAMPLE : SAMPLE / PIECES;
  const values: (string | null)[] = [];
  for (const from of starts) {
    const { found } = await lookForward(streams, ref, { from, end, limit, read });
    values.push(...found.map(({ value }) => value.json));
  }
  return values;
}
