import type { ScheduleOutcome, ScheduleRequest } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { spacedJson, spacedRaw } from './json-text.ts';

interface ScheduleRow {
  ordinal: number;
  outcome: Exclude<ScheduleOutcome['outcome'], 'full'>;
  id: string | null;
  spider: number;
  number: number;
}

const MAX_TRIES = 5;

/** See JobStore.schedule. Inside of a transaction `maxTries` is 1: what fails there fails as a whole. */
export async function scheduleJobs(
  database: Database,
  batch: readonly ScheduleRequest[],
  maxTries = MAX_TRIES,
): Promise<ScheduleOutcome[]> {
  const json = JSON.stringify(batch.map(toBatchRow));
  const rows = await placed(database, json, maxTries);
  const outcomes: ScheduleOutcome[] = [];
  for (const row of rows) {
    outcomes[row.ordinal] =
      row.outcome === 'scheduled'
        ? { outcome: 'scheduled', id: Number(row.id), spider: row.spider, job: row.number }
        : { outcome: row.outcome };
  }
  return outcomes;
}

/** A name whose job is purged in this very moment makes the whole call begin again. */
async function placed(database: Database, json: string, maxTries: number): Promise<ScheduleRow[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      const { rows } = await database.raw<{ rows: ScheduleRow[] }>('select * from schedule_jobs(?)', [json]);
      return rows;
    } catch (error) {
      if ((error as { code?: string }).code !== '40001' || tries >= maxTries) throw error;
    }
  }
}

/** Free-form parts travel as JSON text inside of the batch, so that their escapes reach the columns untouched. */
function toBatchRow(request: ScheduleRequest, ordinal: number): Record<string, unknown> {
  const { args, settings, environment, command, meta, rank, internalArgs } = request;
  return {
    ordinal,
    ...request,
    // As text: JSON has no word for an infinite number.
    rank: rank === undefined ? null : String(rank),
    internalArgs: internalArgs ? JSON.stringify(internalArgs) : null,
    args: spacedJson(args),
    settings: spacedRaw(settings),
    environment: JSON.stringify(environment),
    command: command && JSON.stringify(command),
    meta: JSON.stringify(meta),
  };
}
