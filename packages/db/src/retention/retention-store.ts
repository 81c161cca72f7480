import { formatJobKey, type JobKey, type KeptSpider, type RetentionStore } from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { EXPIRE, KEPT_SPIDERS } from '../jobs/expire.ts';
import { PURGE, RESTORE } from '../jobs/purge.ts';
import { translated } from '../pg-errors.ts';

/** A reader that found the job's rows has opened its streams by then, ms. */
const READERS_MS = 10_000;
/** The crawl of a job that was deleted while it ran has heard of that by then, and so have its outside writers, ms. */
const WRITERS_MS = 10 * 60_000;

interface StreamsRow {
  project_id: number;
  spider: number;
  number: number;
}

export interface RetentionOptions {
  /** How long streams outlive the rows of their job, ms. */
  readersMs?: number;
  writersMs?: number;
}

export function createRetentionStore(
  database: Database,
  { readersMs = READERS_MS, writersMs = WRITERS_MS }: RetentionOptions = {},
): RetentionStore {
  return translated<RetentionStore>({
    async purge(graceMs, limit) {
      const { rows } = await database.raw<{ rows: [{ count: number }] }>(PURGE, {
        graceMs,
        limit,
        readersMs,
        writersMs,
      });
      return rows[0].count;
    },

    async streamsToFree(limit) {
      const rows: StreamsRow[] = await database('streams_to_free')
        .whereRaw('free_at <= now()')
        .orderBy('free_at')
        .limit(limit)
        .select('project_id', 'spider', 'number');
      return rows.map(
        ({ project_id, spider, number }): JobKey => ({ project: project_id, spider, job: number }),
      );
    },

    async streamsFreed(keys) {
      await database.raw(
        `delete from streams_to_free where (project_id, spider, number) in
          (select * from unnest(:projects::int[], :spiders::int[], :numbers::int[]))`,
        {
          projects: keys.map((key) => key.project),
          spiders: keys.map((key) => key.spider),
          numbers: keys.map((key) => key.job),
        },
      );
    },

    async keptSpiders(after, limit) {
      const { rows } = await database.raw<{ rows: KeptSpider[] }>(KEPT_SPIDERS, {
        afterProject: after?.project ?? 0,
        afterSpider: after?.spider ?? 0,
        limit,
      });
      return rows;
    },

    async expire({ project, spider, days, count, keepTags }, by, limit) {
      const bindings = { project, spider, days, count, keepTags, by, limit };
      const { rows } = await database.raw<{ rows: [{ count: number }] }>(EXPIRE, bindings);
      return rows[0].count;
    },

    restore: (actor, key) =>
      database.transaction(async (tx) => {
        const { rows } = await tx.raw<{ rows: [{ count: number }] }>(RESTORE, { ...key });
        const entry = { place: { project: key.project }, object: `job ${formatJobKey(key)}` };
        if (rows[0].count > 0) await audit(tx, actor, { ...entry, action: 'jobs.undeleted' });
        return rows[0].count > 0;
      }),
  });
}
