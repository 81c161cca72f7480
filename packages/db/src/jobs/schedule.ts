import { type Actor, type ScheduleOutcome, type ScheduleRequest, service } from '@spiderhub/core';
import { actorBindings } from '../audit/write.ts';
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

const SCHEDULE = 'select * from schedule_and_note(:batch, :notes)';

/** See JobStore.schedule. Inside of a transaction `maxTries` is 1: what fails there fails as a whole. */
export async function scheduleJobs(
  database: Database,
  batch: readonly ScheduleRequest[],
  maxTries = MAX_TRIES,
): Promise<ScheduleOutcome[]> {
  const rows = await placed(database, JSON.stringify(batch.map(toBatchRow)), notesOf(batch), maxTries);
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
async function placed(
  database: Database,
  batch: string,
  notes: string,
  maxTries: number,
): Promise<ScheduleRow[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      const { rows } = await database.raw<{ rows: ScheduleRow[] }>(SCHEDULE, { batch, notes });
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
    // Whoever asks stands in the notes.
    actor: undefined,
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

/** Who asks for which of them: each line of the audit log tells of all that one of them gets in a commit. */
function notesOf(batch: readonly ScheduleRequest[]): string {
  const whos = new Map<string, { project: number; who: Record<string, unknown>; ordinals: number[] }>();
  for (const [ordinal, { project, scheduledBy, actor = service(scheduledBy) }] of batch.entries()) {
    const name = nameOf(actor, project);
    const note = whos.get(name) ?? { project, who: actorBindings(actor), ordinals: [] };
    note.ordinals.push(ordinal);
    whos.set(name, note);
  }
  return JSON.stringify([...whos.values()]);
}

function nameOf({ kind, name, user, key, session, address, client }: Actor, project: number): string {
  return JSON.stringify([project, kind, name, user, key, session, address, client]);
}
