import {
  DomainError,
  MAX_SETTINGS_BYTES,
  type ProjectStore,
  parseStrict,
  type QueueCounts,
  readRawObject,
  requestErrors,
  writeRawObject,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

const COUNTS = `count(*) filter (where j.state in ('pending', 'admitted'))::int as pending,
  count(*) filter (where j.state = 'running')::int as running,
  coalesce(sum(j.units) filter (where j.state = 'running'), 0)::int as "runningUnits"`;

const FINISHED = `(select count(*)::int from jobs f where f.project_id = p.id and f.state = 'finished') as finished`;

const QUEUE_COUNTS = `
  select p.id as project, q.pending, q.running, q."runningUnits", ${FINISHED}
  from projects p
  cross join lateral (
    select ${COUNTS} from jobs j
    where j.project_id = p.id and j.state in ('pending', 'admitted', 'running')
  ) q
  where p.id = :project`;

const BUSY = `
  select p.id as project, q.pending, q.running, q."runningUnits", ${FINISHED}
  from (
    select j.project_id, ${COUNTS} from jobs j
    where j.state in ('pending', 'admitted', 'running')
      and (:projects::int[] is null or j.project_id = any(:projects::int[]))
    group by j.project_id
  ) q
  join projects p on p.id = q.project_id
  order by p.id`;

/** The text of all settings. Throws `too_large`. */
function settingsText(settings: ReadonlyMap<string, string>): string {
  const text = writeRawObject(settings);
  if (Buffer.byteLength(text) <= MAX_SETTINGS_BYTES) return text;
  throw new DomainError(
    'too_large',
    'settings_too_large',
    `the settings of a project are at most ${MAX_SETTINGS_BYTES} bytes in all`,
  );
}

export function createProjectStore(database: Database): ProjectStore {
  async function settingsOf(db: Database, project: number, suffix = ''): Promise<Map<string, string>> {
    const { rows } = await db.raw<{ rows: { settings: string }[] }>(
      `select settings::text as settings from projects where id = :project ${suffix}`,
      { project },
    );
    return readRawObject(rows[0]?.settings ?? '{}') ?? new Map();
  }

  return translated<ProjectStore>({
    settings: (project) => settingsOf(database, project),

    async changeSettings(project, set, remove) {
      for (const [name, raw] of set) {
        if (parseStrict(raw) === undefined)
          throw requestErrors.invalid(name.slice(0, 100), 'is not valid JSON');
      }
      await database.transaction(async (tx) => {
        const settings = await settingsOf(tx, project, 'for no key update');
        for (const [name, raw] of set) settings.set(name, raw);
        for (const name of remove) settings.delete(name);
        await tx.raw('update projects set settings = :settings::json where id = :project', {
          project,
          // Removing is never refused, however much is left.
          settings: set.size > 0 ? settingsText(settings) : writeRawObject(settings),
        });
      });
    },

    async queueCounts(project) {
      const { rows } = await database.raw<{ rows: QueueCounts[] }>(QUEUE_COUNTS, { project });
      return rows[0] ?? { project, pending: 0, running: 0, finished: 0, runningUnits: 0 };
    },

    async busyQueues(projects) {
      const { rows } = await database.raw<{ rows: QueueCounts[] }>(BUSY, { projects });
      return rows;
    },
  });
}
