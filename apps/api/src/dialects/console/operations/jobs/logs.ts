import { requestErrors } from '@spiderhub/core';
import { jobContracts as contracts } from '@spiderhub/wire';
import type { Operation } from '../../../../http/operation.ts';
import type { Parts } from '../../../../parts.ts';
import { keyOf, streamOf } from '../../jobs/find.ts';
import {
  errorGroups,
  LISTED_MESSAGE,
  levelCounts,
  logReader,
  logView,
  WHOLE_MESSAGE,
} from '../../records/logs.ts';
import { lookBack, lookForward } from '../../records/search.ts';
import { served } from '../../served.ts';

const PAGE = 200;

export function logOperations(parts: Parts): Operation[] {
  return [readLogs(parts), readLogRecord(parts), readErrors(parts)];
}

const readLogs = (parts: Parts) =>
  served(
    contracts.readLogs,
    'logs.read',
  )(async ({ caller, params, query }) => {
    const key = keyOf(params);
    await caller.may(key);
    const { from, limit = PAGE, level = 0, q, back, attempt } = query;
    const { ref } = await streamOf(parts, key, 'logs', attempt);
    const { end, counts } = await parts.streams.stats(ref);
    const isBack = back === 'true';
    const levels = levelCounts(counts);
    const look = { from: from ?? (isBack ? end : 0), end, limit, read: logReader(level, q) };
    // What the counts know to be nowhere need not be looked for.
    const isNowhere = level > 0 && !levels.some((one) => one.level >= level);
    const looked = isNowhere
      ? { found: [], scannedTo: isBack ? 0 : Math.max(look.from, end), done: true }
      : await (isBack ? lookBack : lookForward)(parts.streams, ref, look);
    const { found, scannedTo, done } = looked;
    return {
      records: found.map(({ n, value }) => logView(n, value, LISTED_MESSAGE)),
      scannedTo,
      done,
      end,
      levels,
    };
  });

const readLogRecord = (parts: Parts) =>
  served(
    contracts.readLogRecord,
    'logs.read',
  )(async ({ caller, params, query }) => {
    const key = keyOf(params);
    await caller.may(key);
    const { ref } = await streamOf(parts, key, 'logs', query.attempt);
    const { record } = params;
    const look = { from: record, end: record + 1, limit: 1, read: logReader(0, undefined) };
    const [found] = (await lookForward(parts.streams, ref, look)).found;
    if (found?.n !== record) throw requestErrors.invalid('record', `the log has no record ${record}`);
    return logView(record, found.value, WHOLE_MESSAGE);
  });

const readErrors = (parts: Parts) =>
  served(
    contracts.readErrors,
    'logs.read',
  )(async ({ caller, params }) => {
    const key = keyOf(params);
    await caller.may(key);
    const { ref } = await streamOf(parts, key, 'logs', undefined);
    return errorGroups(parts.streams, ref);
  });
