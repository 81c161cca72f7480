import {
  type JobFilter,
  jobErrors,
  narrowsProject,
  requestErrors,
  requireKeysOf,
  type Target,
} from '@spiderhub/core';
import { z } from 'zod';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { apikeyField, Counted, filterFields, JobKeys, Ok, ProjectId, Tags } from '../schema.ts';
import { offsetOf, toFilter } from '../translate.ts';

/** Most jobs that an update with a `count` of its own changes. */
const MAX_PAGE = 1000;

// Strict: a filter whose name is misspelt must not change more jobs than were meant.
const UpdateForm = z
  .strictObject({
    ...filterFields,
    add_tag: Tags.optional(),
    remove_tag: Tags.optional(),
    /** Ours: only jobs that carry, or do not carry, these tags at the moment of the change; the others are not counted. */
    if_has_tag: Tags.optional(),
    if_lacks_tag: Tags.optional(),
    ...apikeyField,
  })
  .meta({ id: 'ScrapinghubUpdateForm' });
type UpdateForm = z.output<typeof UpdateForm>;

const KeysForm = z
  .strictObject({ project: ProjectId, job: JobKeys, ...apikeyField })
  .meta({ id: 'ScrapinghubKeysForm' });

export function changeOperations(services: Parts): Operation[] {
  return [updateJobs(services), stopJobs(services), deleteJobs(services)];
}

function updateJobs({ jobs }: Parts): Operation {
  return operation({
    method: 'post',
    path: '/jobs/update.json',
    summary: 'Add and remove tags of the jobs that the filter selects',
    action: 'jobs.tag',
    body: UpdateForm,
    reply: Counted,
  })(async ({ body, caller }) => {
    await caller.mayEach(targetsOf(body));
    if (body.job) requireKeysOf(body.project, body.job);
    if (!body.add_tag && !body.remove_tag)
      throw requestErrors.invalid('add_tag', 'add_tag or remove_tag is required');
    const change = { add: body.add_tag ?? [], remove: body.remove_tag ?? [] };
    if (!narrowsProject(toFilter(body))) throw jobErrors.noFilter();
    const conditions = {
      ...(body.if_has_tag && { ifHasTag: body.if_has_tag }),
      ...(body.if_lacks_tag && { ifLacksTag: body.if_lacks_tag }),
    };
    const changeOf = (filter: JobFilter) =>
      jobs.changeTags(filter, { ...change, ...conditions }, caller.actor);
    const count = await (hasPage(body) ? changePage(jobs, body, changeOf) : changeOf(toFilter(body)));
    return { status: 'ok' as const, count };
  });
}

/** The jobs themselves, since a crawl may change its own, or else their project. */
function targetsOf({ project, job }: UpdateForm): readonly Target[] {
  return job?.every((key) => key.project === project) ? job : [project];
}

function hasPage({ count, offset }: UpdateForm): boolean {
  return count !== undefined || offset !== undefined;
}

/**
 * The legacy client's `JobSet.update` sends the page of its set along: only those jobs are meant. They still have to match
 * when they are changed, since others take their own pages of the same jobs at the same time; when all of a page are gone
 * so, the next one has its turn, and none means that no job matches.
 */
async function changePage(
  jobs: Parts['jobs'],
  form: UpdateForm,
  change: (filter: JobFilter) => Promise<number>,
): Promise<number> {
  const count = Math.abs(form.count ?? MAX_PAGE);
  if (count > MAX_PAGE) throw requestErrors.invalid('count', `updates take at most ${MAX_PAGE} jobs at once`);
  const filter = toFilter(form);
  const isConditional = Boolean(form.if_has_tag || form.if_lacks_tag);
  for (;;) {
    const page = await jobs.page(filter, { count, offset: offsetOf(form) });
    if (page.length === 0) return 0;
    const changed = await change({ ...filter, keys: page.map((job) => job.key) });
    if (changed > 0 || isConditional) return changed;
  }
}

function stopJobs({ jobs }: Parts): Operation {
  return operation({
    method: 'post',
    path: '/jobs/stop.json',
    summary: 'Stop jobs: pending ones end at once, running ones are asked to',
    action: 'jobs.stop',
    body: KeysForm,
    reply: Ok,
  })(async ({ body, caller }) => {
    await caller.may(body.project);
    requireKeysOf(body.project, body.job);
    await jobs.stop({ project: body.project, keys: body.job, strict: true }, { level: 1, by: caller.actor });
    return { status: 'ok' as const };
  });
}

function deleteJobs({ jobs }: Parts): Operation {
  return operation({
    method: 'post',
    path: '/jobs/delete.json',
    summary: 'Delete jobs',
    action: 'jobs.delete',
    body: KeysForm,
    reply: Counted,
  })(async ({ body, caller }) => {
    await caller.may(body.project);
    requireKeysOf(body.project, body.job);
    const removed = await jobs.remove({ project: body.project, keys: body.job, strict: true }, caller.actor);
    return { status: 'ok' as const, count: removed.length };
  });
}
