import type { JobFilter, Jobs } from '@spiderhub/core';
import { z } from 'zod';
import { type Operation, operation } from '../../../http/operation.ts';
import { StreamReply } from '../../../http/stream.ts';
import type { Parts } from '../../../parts.ts';
import { ListQuery } from '../schema.ts';
import { offsetOf, toFilter, toJobLine, toJobObject } from '../translate.ts';

/** Most jobs of one `list.json` answer, and how many come when nothing is said. */
const PAGE = 100;

const JobList = z
  .object({
    status: z.literal('ok'),
    count: z.int(),
    total: z.int(),
    jobs: z.array(z.looseObject({ id: z.string() })),
  })
  .meta({ id: 'ScrapinghubJobList' });
const Total = z.object({ status: z.literal('ok'), total: z.int() }).meta({ id: 'ScrapinghubTotal' });

export function listOperations(services: Parts): Operation[] {
  return [listPage(services), listAll(services), countJobs(services)];
}

function listPage({ jobs, now }: Parts): Operation {
  return operation({
    method: 'get',
    path: '/jobs/list.json',
    summary: 'One page of jobs, the latest first',
    action: 'jobs.read',
    query: ListQuery,
    reply: JobList,
  })(async ({ query, caller }) => {
    await caller.may(query.project);
    const filter = toFilter(query);
    const count = Math.min(PAGE, Math.abs(query.count ?? PAGE));
    const [page, total] = await Promise.all([
      jobs.page(filter, { count, offset: offsetOf(query) }),
      jobs.count(filter),
    ]);
    const time = now();
    return {
      status: 'ok' as const,
      count: page.length,
      total,
      jobs: page.map((job) => toJobObject(job, time)) as { id: string }[],
    };
  });
}

function listAll({ jobs, now }: Parts): Operation {
  return operation({
    method: 'get',
    path: '/jobs/list.jl',
    summary: 'All jobs as JSON lines; the first line holds the totals',
    action: 'jobs.read',
    sends: ['application/x-jsonlines'],
    query: ListQuery,
  })(async ({ query, caller }) => {
    await caller.may(query.project);
    const page = {
      offset: offsetOf(query),
      ...(query.count !== undefined && { count: Math.abs(query.count) }),
    };
    const open = () => jobs.stream(toFilter(query), page);
    return new StreamReply('application/x-jsonlines', jobLines(open, page, now));
  });
}

async function* jobLines(
  open: () => ReturnType<Jobs['stream']>,
  page: { offset: number; count?: number },
  now: () => Date,
): AsyncGenerator<string> {
  const { total, jobs } = await open();
  try {
    // The first jobs come before the first line: from then on the iterator ends its snapshot whatever happens.
    let found = await jobs.next();
    const count = Math.min(page.count ?? total, Math.max(0, total - page.offset));
    yield `${JSON.stringify({ status: 'ok', count, total })}\n`;
    for (; !found.done; found = await jobs.next()) {
      const time = now();
      yield found.value.map((job) => toJobLine(job, time)).join('');
    }
  } finally {
    await jobs.return(undefined);
  }
}

function countJobs({ jobs }: Parts): Operation {
  return operation({
    method: 'get',
    path: '/jobs/count.json',
    summary: 'How many jobs match; count and offset have no say',
    action: 'jobs.read',
    query: ListQuery,
    reply: Total,
  })(async ({ query, caller }) => {
    await caller.may(query.project);
    const filter: JobFilter = toFilter(query);
    return { status: 'ok' as const, total: await jobs.count(filter) };
  });
}
