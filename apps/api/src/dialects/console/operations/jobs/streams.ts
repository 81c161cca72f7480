import { formatJobKey, type JobDetails, type RawFields, readRawObject } from '@spiderhub/core';
import { jobContracts as contracts } from '@spiderhub/wire';
import type { Operation } from '../../../../http/operation.ts';
import type { Parts } from '../../../../parts.ts';
import { existingJob, keyOf, streamOf } from '../../jobs/find.ts';
import { fileReply } from '../../records/download.ts';
import { requestReader } from '../../records/requests.ts';
import { thinned } from '../../records/samples.ts';
import { lookForward } from '../../records/search.ts';
import { served } from '../../served.ts';
import { namesIn } from './items.ts';

const PAGE = 200;
const POINTS = 1000;

export function streamOperations(parts: Parts): Operation[] {
  return [
    readRequests(parts),
    readSamples(parts),
    readStats(parts),
    download(parts, contracts.downloadItems, 'items'),
    download(parts, contracts.downloadLogs, 'logs'),
    download(parts, contracts.downloadRequests, 'requests'),
  ];
}

const readRequests = (parts: Parts) =>
  served(
    contracts.readRequests,
    'requests.read',
  )(async ({ caller, params, query }) => {
    const key = keyOf(params);
    await caller.may(key);
    const { from = 0, limit = PAGE, status, q, attempt } = query;
    const { ref } = await streamOf(parts, key, 'requests', attempt);
    const { end } = await parts.streams.stats(ref);
    const read = requestReader({ status, q });
    const { found, scannedTo, done } = await lookForward(parts.streams, ref, { from, end, limit, read });
    return { requests: found.map(({ n, value }) => ({ n, ...value })), scannedTo, done, end };
  });

const readSamples = (parts: Parts) =>
  served(
    contracts.readSamples,
    'samples.read',
  )(async ({ caller, params, query: { points = POINTS, attempt } }) => {
    const key = keyOf(params);
    await caller.may(key);
    const { ref } = await streamOf(parts, key, 'samples', attempt);
    return thinned(parts.streams, ref, points);
  });

const readStats = (parts: Parts) =>
  served(
    contracts.readStats,
    'jobs.read',
  )(async ({ caller, params }) => {
    const key = keyOf(params);
    await caller.may(key);
    const job = await existingJob(parts, key);
    const { lastGood } = await parts.lists.usualBefore(job);
    const beside = lastGood && (await parts.jobs.find(lastGood.key));
    const [own, other] = [statsOf(job), statsOf(beside)];
    const names: string[] = [...new Set([...own.keys(), ...other.keys()])].sort();
    return {
      stats: names.map((name) => ({
        name,
        value: own.get(name) ?? null,
        before: other.get(name) ?? null,
      })),
      beside: beside && formatJobKey(beside.key),
    };
  });

function statsOf(job: JobDetails | null): RawFields {
  return readRawObject(job?.scrapyStats ?? '{}') ?? new Map();
}

const download = (
  parts: Parts,
  contract: typeof contracts.downloadItems,
  stream: 'items' | 'logs' | 'requests',
) =>
  served(
    contract,
    `${stream}.read`,
  )(async ({ caller, params, query }) => {
    const key = keyOf(params);
    await caller.may(key);
    const { fields, guard, attempt } = query;
    const { ref } = await streamOf(parts, key, stream, attempt);
    const stats = await parts.streams.stats(ref);
    const wish = { format: params.format, fields: namesIn(fields), guard: guard !== 'false' };
    return fileReply(parts.streams, ref, stats, wish);
  });
