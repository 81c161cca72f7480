import type { JobFilter, JobKey, JobState } from '@spiderhub/core';

/** A condition on `jobs j` with its named bindings. */
export interface Condition {
  sql: string;
  bindings: Record<string, unknown>;
}

/** Tags that can have partial indexes of their own. Safe inside of a literal. */
export const MARKER = /^[A-Za-z0-9_.-]{1,40}$/;

/** The conditions of a filter, sorted by what they are about; none of a kind when it says nothing about it. */
export interface FilterParts {
  /** Every statement on tenant data names the project. */
  project: string;
  keys: string[];
  /** A SQL expression for the number of each spider. */
  spiders: string[];
  states: readonly StoredState[] | null;
  hasTag: string[];
  lacksTag: string[];
  times: string[];
  bindings: Record<string, unknown>;
}

export function filterParts(filter: JobFilter): FilterParts {
  const bindings: Record<string, unknown> = { project: filter.project };
  return {
    project: 'j.project_id = :project',
    keys: keyParts(filter, bindings),
    spiders: spiderParts(filter, bindings),
    states: filter.states?.length ? storedStates(filter.states) : null,
    hasTag: hasTagParts(filter, bindings),
    lacksTag: lacksTagParts(filter, bindings),
    times: timeParts(filter, bindings),
    bindings,
  };
}

/** All conditions of a filter as one. */
export function whereJobs(filter: JobFilter): Condition {
  const parts = filterParts(filter);
  return { sql: whereParts(parts), bindings: parts.bindings };
}

export function whereParts({ project, keys, spiders, states, hasTag, lacksTag, times }: FilterParts): string {
  const ofSpiders = spiders.length > 0 ? [anyOf('j.spider', spiders)] : [];
  const ofStates = states ? anyOf('j.state', states.map(literal)) : NOT_DELETED;
  return [project, ...keys, ...ofSpiders, ofStates, ...hasTag, ...lacksTag, ...times].join(' and ');
}

export const NOT_DELETED = `j.state <> 'deleted'`;

type StoredState = JobState | 'admitted';

/** States as the table knows them. */
export function storedStates(states: readonly JobState[]): StoredState[] {
  return [
    ...new Set(
      states.flatMap((state): StoredState[] => (state === 'pending' ? ['pending', 'admitted'] : [state])),
    ),
  ];
}

/** States are literals of our own, never the caller's text: partial indexes need to see them. */
export function literal(state: StoredState): string {
  return `'${state}'`;
}

export function anyOf(column: string, values: readonly string[]): string {
  return values.length === 1 ? `${column} = ${values[0]}` : `${column} in (${values.join(', ')})`;
}

function keyParts({ project, keys }: JobFilter, bindings: Record<string, unknown>): string[] {
  if (!keys) return [];
  Object.assign(bindings, keyBindings(project, keys));
  return ['(j.spider, j.number) in (select * from unnest(:keySpiders::int[], :keyNumbers::int[]))'];
}

/** A name becomes its number before the jobs are looked at: only then an index gives a spider's jobs in their order. */
function spiderParts({ spiders }: JobFilter, bindings: Record<string, unknown>): string[] {
  if (!spiders) return [];
  const names = [...new Set(spiders)];
  if (names.length > MOST_NAMED || names.length === 0) {
    bindings.spiderNames = names;
    return [`any(array(${SPIDER_NUMBER} = any(:spiderNames)))`];
  }
  return names.map((name, at) => {
    bindings[`spider${at}`] = name;
    return `(${SPIDER_NUMBER} = :spider${at})`;
  });
}

const SPIDER_NUMBER = 'select f.number from spiders f where f.project_id = :project and f.name';

/** Longer lists of spiders are looked up at once. */
const MOST_NAMED = 16;

function hasTagParts({ hasTag }: JobFilter, bindings: Record<string, unknown>): string[] {
  if (!hasTag) return [];
  bindings.hasTag = hasTag;
  return [overlapSql('hasTag', hasTag)];
}

function lacksTagParts({ lacksTag }: JobFilter, bindings: Record<string, unknown>): string[] {
  if (!lacksTag) return [];
  bindings.lacksTag = lacksTag;
  // As literals, so that the planner finds the partial index where there is one.
  const markers = lacksTag.slice(0, SHORT_LIST).filter((tag) => MARKER.test(tag));
  return [...markers.map((tag) => `not (j.tags @> '{${tag}}')`), `not (${overlapSql('lacksTag', lacksTag)})`];
}

function timeParts({ since, until }: JobFilter, bindings: Record<string, unknown>): string[] {
  const parts: string[] = [];
  if (since) {
    parts.push('j.state_since >= :since');
    bindings.since = since;
  }
  if (until) {
    parts.push('j.state_since < :until');
    bindings.until = until;
  }
  return parts;
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

/** Parallel arrays for unnest; keys of other projects match nothing. */
export function keyBindings(
  project: number,
  keys: readonly JobKey[],
): { keySpiders: number[]; keyNumbers: number[] } {
  const own = keys.filter((key) => key.project === project);
  return { keySpiders: own.map((key) => key.spider), keyNumbers: own.map((key) => key.job) };
}
