import type { JobStore } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { scheduleWithin } from './ceilings.ts';
import { removeJobs, stopAndNote } from './change.ts';
import { describeJob, moveJobs, takeJob } from './move.ts';
import { scheduleJobs } from './schedule.ts';
import { changeTags } from './tags.ts';

// Our own workers count what their crawls write; for all other jobs the API does.
const SAVE_COUNTS = `
  update jobs set items = coalesce(:items, items), pages = coalesce(:pages, pages), logs = coalesce(:logs, logs),
    errors = coalesce(:errors, errors)
  where id = :id and attempt = :attempt and (external or state not in ('admitted', 'running'))`;

export function createJobStore(database: Database): JobStore {
  return translated<JobStore>({
    schedule: (batch, ceilings = []) =>
      ceilings.length === 0 ? scheduleJobs(database, batch) : scheduleWithin(database, batch, ceilings),
    changeTags: (filter, change, by) => changeTags(database, filter, change, by),
    stop: (selection, request) => stopAndNote(database, selection, request),
    remove: (selection, by, options) => removeJobs(database, selection, by, options),
    take: (project, change, by) => takeJob(database, project, change, by),
    move: (request, ceiling) => moveJobs(database, request, ceiling),
    describe: (key, change) => describeJob(database, key, change),
    async saveCounts(id, attempt, { items = null, pages = null, logs = null, errors = null }) {
      await database.raw(SAVE_COUNTS, { id, attempt, items, pages, logs, errors });
    },
  });
}
