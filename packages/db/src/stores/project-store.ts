import {
  DomainError,
  MAX_SETTINGS_BYTES,
  type ProjectStore,
  parseStrict,
  type QueueCounts,
  readRawObject,
  requestErrors,
  withoutSecrets,
  writeRawObject,
} from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { countersWhere } from '../reads/count-sql.ts';

/** Lengths of the queues of the projects that `where` names, from the counters. Units are those of the few that run. */
function queuesOf(where: string): string {
  return `
    select q.project, q.pending, q.running, q.finished, case when q.running = 0 then 0 else (
      select coalesce(sum(j.units), 0)::int from jobs j where j.project_id = q.project and j.state = 'running'
    ) end as "runningUnits"
    from (
      select c.project_id as project,
        coalesce(sum(c.n) filter (where c.state in ('pending', 'admitted')), 0)::int as pending,
        coalesce(sum(c.n) filter (where c.state in ('running', 'outside')), 0)::int as running,
        coalesce(sum(c.n) filter (where c.state = 'finished'), 0)::int as finished
      from (${countersWhere(where)}) c group by c.project_id
    ) q`;
}

const QUEUE_COUNTS = queuesOf('c.project_id = :project');

const BUSY = `${queuesOf('(:projects::int[] is null or c.project_id = any(:projects::int[]))')}
  where q.pending > 0 or q.running > 0 order by q.project`;

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

const MOST_NOTED = 100;

function among(settings: ReadonlyMap<string, string>, names: readonly string[]): [string, string][] {
  return [...settings].filter(([name]) => names.includes(name)).slice(0, MOST_NOTED);
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

    async changeSettings(actor, project, set, remove) {
      for (const [name, raw] of set) {
        if (parseStrict(raw) === undefined)
          throw requestErrors.invalid(name.slice(0, 100), 'is not valid JSON');
      }
      await database.transaction(async (tx) => {
        const settings = await settingsOf(tx, project, 'for no key update');
        const before = new Map(settings);
        for (const [name, raw] of set) settings.set(name, raw);
        for (const name of remove) settings.delete(name);
        await tx.raw('update projects set settings = :settings::json where id = :project', {
          project,
          // Removing is never refused, however much is left.
          settings: set.size > 0 ? settingsText(settings) : writeRawObject(settings),
        });
        const changed = [...set.keys(), ...remove].filter((name) => before.get(name) !== settings.get(name));
        if (changed.length === 0) return;
        await audit(tx, actor, {
          action: 'settings.changed',
          place: { project },
          object: `project ${project}`,
          before: withoutSecrets(among(before, changed)),
          after: withoutSecrets(among(settings, changed)),
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
