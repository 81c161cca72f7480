import { jobContracts as contracts } from '@spiderhub/wire';
import type { Operation } from '../../../../http/operation.ts';
import type { Parts } from '../../../../parts.ts';
import { jobRow } from '../../jobs/views.ts';
import { served } from '../../served.ts';

const PAGE = 100;

export const listJobs = ({ lists }: Parts): Operation =>
  served(
    contracts.listJobs,
    'jobs.read',
  )(async ({ caller, params: { project }, query }) => {
    await caller.may(project);
    const { q = '', cursor, limit = PAGE, order = 'newest' } = query;
    const [page, counts] = await Promise.all([
      lists.list(project, { q, cursor, limit, order }),
      cursor === undefined ? lists.counts(project) : null,
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
  });
