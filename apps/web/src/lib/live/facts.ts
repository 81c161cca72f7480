import type { QueryClient } from '@tanstack/react-query';
import type { Fact } from '../../api/events.ts';
import { addressOfKey, type Job, type JobPage } from '../../api/jobs.ts';
import type { Numbers } from '../../api/spiders.ts';

/** Of a crowd of facts those that count: the last of each kind about the same thing. */
export function newestOf(facts: readonly Fact[]): Fact[] {
  const newest = new Map<string, Fact>();
  for (const fact of facts) {
    const name = nameOf(fact);
    newest.delete(name);
    newest.set(name, fact);
  }
  return [...newest.values()];
}

function nameOf(fact: Fact): string {
  switch (fact.event) {
    case 'job':
      return `job ${fact.data.key} ${fact.data.type}`;
    case 'row':
    case 'progress':
      return `${fact.event} ${fact.data.key}`;
    case 'project':
      return `project ${fact.data.project} ${fact.data.type}`;
    case 'counts':
      return `counts ${fact.data.project}`;
    case 'tail':
      return `tail ${fact.data.key} ${fact.data.stream}`;
    default:
      return fact.event;
  }
}

type Of<E extends Fact['event']> = Extract<Fact, { event: E }>['data'];

/** A page of a list with a row as it is now; the same page when it does not show that job, or shows it like this. */
export function withRow(page: JobPage, row: Of<'row'>): JobPage {
  const at = page.jobs.findIndex(({ key }) => key === row.key);
  const before = page.jobs[at];
  // A look that is older than what was read says nothing new.
  if (!before || before.stateSince > row.stateSince) return page;
  return { ...page, jobs: page.jobs.with(at, { ...before, ...row }) };
}

export function withCounts(page: JobPage, { pending, running }: Of<'counts'>): JobPage {
  return page.counts ? { ...page, counts: { ...page.counts, pending, running } } : page;
}

/** A job as it is now; null when more has changed than is told, and it has to be read. */
export function withProgress(job: Job, progress: Of<'progress'>): Job | null {
  if (progress.state !== job.state || progress.state === 'deleted' || progress.attempt !== job.attempt)
    return null;
  return { ...job, ...progress };
}

/** Changes what the page has read, where a fact says all there is to know. */
export function patch(client: QueryClient, fact: Fact): void {
  if (fact.event === 'row') {
    const { project } = addressOfKey(fact.data.key);
    client.setQueriesData<JobPage>(
      { queryKey: ['jobs', project, 'list'] },
      (page) => page && withRow(page, fact.data),
    );
  }
  if (fact.event === 'counts') {
    const { project, pending, running } = fact.data;
    client.setQueriesData<JobPage>(
      { queryKey: ['jobs', project, 'list'] },
      (page) => page && withCounts(page, fact.data),
    );
    client.setQueryData<Numbers>(['numbers'], (all) => {
      const known = all?.projects.some(({ id }) => id === project);
      if (!all || !known) return undefined;
      return {
        ...all,
        projects: all.projects.map((one) => (one.id === project ? { ...one, pending, running } : one)),
      };
    });
  }
}
