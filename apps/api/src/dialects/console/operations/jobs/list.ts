import { type ListQuestion, sharedReads } from '@spiderhub/core';
import { jobContracts as contracts } from '@spiderhub/wire';
import type { Operation } from '../../../../http/operation.ts';
import type { Parts } from '../../../../parts.ts';
import { jobRow } from '../../jobs/views.ts';
import { served } from '../../served.ts';

const PAGE = 100;

export function listJobs(parts: Parts): Operation {
  // The pages of everybody who watches a project ask for the same when something happens in it.
  const shared = sharedReads<Awaited<ReturnType<typeof readPage>>>();
  return served(
    contracts.listJobs,
    'jobs.read',
  )(async ({ caller, params: { project }, query }) => {
    await caller.may(project);
    const { q = '', cursor, limit = PAGE, order = 'newest' } = query;
    const question = { q, cursor, limit, order };
    if (cursor !== undefined) return readPage(parts, project, question);
    return shared(JSON.stringify([project, q, limit, order]), () => readPage(parts, project, question));
  });
}

/** The same for whoever may read the project's jobs. */
async function readPage({ lists }: Parts, project: number, question: ListQuestion) {
  const [page, counts] = await Promise.all([
    lists.list(project, question),
    question.cursor === undefined ? lists.counts(project) : null,
  ]);
  const spiders = page.jobs.map(({ key }) => key.spider);
  const [usual, waiting] = await Promise.all([
    lists.usualItems(project, spiders),
    lists.waiting(project, page.jobs),
  ]);
  return {
    jobs: page.jobs.map((job) =>
      jobRow(job, {
        usualItems: usual.get(job.key.spider) ?? null,
        waiting: waiting.get(job.id) ?? null,
      }),
    ),
    cursor: page.cursor,
    searchedTo: page.searchedTo?.toISOString() ?? null,
    matching: page.matching,
    counts,
  };
}
