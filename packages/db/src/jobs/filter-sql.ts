import type { JobFilter, JobKey } from '@spiderhub/core';

/** A condition on `jobs j` with its named bindings. */
export interface Condition {
  sql: string;
  bindings: Record<string, unknown>;
}

/** Tags that can have partial indexes of their own. Safe inside of a literal. */
export const MARKER = /^[A-Za-z0-9_.-]{1,40}$/;

/** Every condition starts with the project: no statement on tenant data goes without. */
export function whereJobs(filter: JobFilter): Condition {
  const parts = ['j.project_id = :project'];
  const bindings: Record<string, unknown> = { project: filter.project };

  if (filter.keys) {
    parts.push('(j.spider, j.number) in (select * from unnest(:keySpiders::int[], :keyNumbers::int[]))');
    Object.assign(bindings, keyBindings(filter.project, filter.keys));
  }
  if (filter.spiders) {
    parts.push(
      'j.spider in (select f.number from spiders f where f.project_id = :project and f.name = any(:spiderNames))',
    );
    bindings.spiderNames = filter.spiders;
  }
  parts.push(stateSql(filter.states));
  if (filter.hasTag) {
    parts.push(overlapSql('hasTag', filter.hasTag));
    bindings.hasTag = filter.hasTag;
  }
  if (filter.lacksTag) {
    // As literals, so that the planner finds the partial index where there is one.
    for (const tag of filter.lacksTag.slice(0, SHORT_LIST).filter((one) => MARKER.test(one)))
      parts.push(`not (j.tags @> '{${tag}}')`);
    parts.push(`not (${overlapSql('lacksTag', filter.lacksTag)})`);
    bindings.lacksTag = filter.lacksTag;
  }
  if (filter.since) {
    parts.push('j.state_since >= :since');
    bindings.since = filter.since;
  }
  if (filter.until) {
    parts.push('j.state_since < :until');
    bindings.until = filter.until;
  }
  return { sql: parts.join(' and '), bindings };
}

/** Longer lists of tags are looked up in a hash table. */
const SHORT_LIST = 16;

/**
 * Whether a job has any of the tags of a binding. `&&` can use the index, but compares each tag of the job with each of
 * the list: a thousand of both for a thousand jobs would take minutes.
 */
function overlapSql(binding: string, tags: readonly string[]): string {
  if (tags.length <= SHORT_LIST) return `j.tags && :${binding}::text[]`;
  return `exists (select from unnest(j.tags) t where t = any(:${binding}::text[]))`;
}

/** States are literals of our own, never the caller's text: partial indexes need to see them. */
function stateSql(states: JobFilter['states']): string {
  if (!states?.length) return `j.state <> 'deleted'`;
  const stored = new Set(
    states.flatMap((state) => (state === 'pending' ? ['pending', 'admitted'] : [state])),
  );
  const [only, ...others] = [...stored].map((state) => `'${state}'`);
  return others.length === 0 ? `j.state = ${only}` : `j.state in (${[only, ...others].join(', ')})`;
}

/** Parallel arrays for unnest; keys of other projects match nothing. */
export function keyBindings(
  project: number,
  keys: readonly JobKey[],
): { keySpiders: number[]; keyNumbers: number[] } {
  const own = keys.filter((key) => key.project === project);
  return { keySpiders: own.map((key) => key.spider), keyNumbers: own.map((key) => key.job) };
}
