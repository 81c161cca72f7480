import { isOutcome, type JobFilter, type JobSearch, type NumberTest, searchedStates } from '@spiderhub/core';
import { type FilterParts, filterParts } from '../../jobs/filter-sql.ts';
import { type MeantSpiders, patternOf } from './names.ts';
import { OF_OUTCOME } from './outcomes-sql.ts';
import type { ListPlaceSql } from './place-sql.ts';

/** A search as the parts of its statement. */
export interface SearchParts {
  /** What indexes find. */
  parts: FilterParts;
  /** Conditions on `jobs j` and the joined tables that no index helps with. */
  rest: string[];
  joins: string;
  /** All of these; null when none is asked for. */
  tags: string[] | null;
  bindings: Record<string, unknown>;
}

/** Jobs that are looked at for what no index finds, and the same where their details have to be fetched for it. */
const LOOK = 20_000;
const LOOK_AT_DETAILS = 5000;

/** How many jobs one call looks at. `most`: jobs that it shows. */
export function lookOf({ rest, joins }: SearchParts, most: number): number {
  if (rest.length === 0) return most;
  return /job_details/.test(joins) ? LOOK_AT_DETAILS : LOOK;
}

/** What a search means in SQL; null when nothing can match. `spiders`: by number, null: any. */
export function searchParts(
  project: number,
  search: JobSearch,
  { spiders, notSpiders }: Pick<MeantSpiders, 'spiders' | 'notSpiders'>,
): SearchParts | null {
  if (spiders?.length === 0) return null;
  const filter = filterOf(project, search);
  const bindings = new Bindings();
  const parts = { ...filterParts(filter), spiders: spiders?.map(String) ?? [] };
  const rest = [
    ...(notSpiders.length > 0 ? [`j.spider <> all(${bindings.of(notSpiders)}::int[])`] : []),
    ...tagConditions(search, bindings),
    ...textConditions(search, bindings),
    ...givenConditions(search, bindings),
    ...search.numbers.map((test) => numberCondition(test, bindings)),
    ...(search.priorities.length > 0 ? [`j.priority = any(${bindings.of(search.priorities)}::int[])`] : []),
  ];
  const outcome = outcomeConditions(search);
  // A list of failed jobs alone has an index of its own.
  parts.times.push(...outcome.indexed);
  rest.push(...outcome.rest);
  return {
    parts,
    rest,
    joins: joinsOf(search),
    tags: search.tags.length > 0 ? search.tags : null,
    bindings: { ...parts.bindings, ...bindings.all },
  };
}

/** The same behind a place in the list. */
export function behind(all: SearchParts, place: ListPlaceSql | null): SearchParts {
  if (!place) return all;
  const parts = { ...all.parts, times: [...all.parts.times, place.sql] };
  return { ...all, parts, bindings: { ...all.bindings, ...place.bindings } };
}

function filterOf(project: number, search: JobSearch): JobFilter {
  const { keys, notTags, since, until } = search;
  const states = searchedStates(search);
  return {
    project,
    ...(keys.length > 0 && { keys: keys.map((key) => ({ ...key, project })) }),
    ...(states && { states }),
    ...(notTags.length > 0 && { lacksTag: notTags }),
    ...(since && { since }),
    ...(until && { until }),
  };
}

function joinsOf({ given, numbers }: JobSearch): string {
  const counts = numbers.some(({ of }) => of !== 'seconds');
  return [
    ...(counts ? ['left join leases l on l.job_id = j.id'] : []),
    // One by one, as far as they are wanted: joined at once, Postgres may read the details of all jobs there are.
    ...(given.length > 0
      ? [
          'left join lateral (select o.args, o.settings from job_details o where o.job_id = j.id offset 0) d on true',
        ]
      : []),
  ].join(' ');
}

function outcomeConditions({ states, notStates }: JobSearch): { indexed: string[]; rest: string[] } {
  const wanted = states.filter(isOutcome).map((word) => OF_OUTCOME[word]);
  const rest = notStates.map((word) =>
    isOutcome(word)
      ? `(j.state <> 'finished' or not coalesce(${OF_OUTCOME[word]}, false))`
      : word === 'pending'
        ? `j.state not in ('pending', 'admitted')`
        : `j.state <> '${word}'`,
  );
  // With all finished jobs asked for as well, how they ended says nothing.
  if (wanted.length === 0 || states.includes('finished')) return { indexed: [], rest };
  if (states.length === 1 && states[0] === 'failed') return { indexed: wanted, rest };
  return { indexed: [], rest: [...rest, `(j.state <> 'finished' or ${wanted.join(' or ')})`] };
}

function tagConditions({ tags }: JobSearch, bindings: Bindings): string[] {
  return tags.length > 0 ? [`j.tags @> ${bindings.of(tags)}::text[]`] : [];
}

function textConditions(search: JobSearch, bindings: Bindings): string[] {
  const columns = [
    ['close_reason', search.reasons, search.notReasons],
    ['version', search.versions, search.notVersions],
    ['scheduled_by', search.by, search.notBy],
  ] as const;
  return columns.flatMap(([column, is, not]) => [
    ...(is.length > 0 ? [`j.${column} like any(${bindings.of(is.map(patternOf))}::text[])`] : []),
    ...(not.length > 0
      ? [`not coalesce(j.${column} like any(${bindings.of(not.map(patternOf))}::text[]), false)`]
      : []),
  ]);
}

/**
 * Arguments and settings are looked for in their text, as it was stored: a text that no JSON of Postgres can hold must not
 * break the search for others. A setting's value may have been text or anything else.
 */
function givenConditions({ given }: JobSearch, bindings: Bindings): string[] {
  return given.map(({ of, name, value, isNot }) => {
    const column = of === 'args' ? 'd.args::text' : 'd.settings';
    const values = of === 'args' ? [JSON.stringify(value)] : [JSON.stringify(value), value];
    const needles = values.flatMap((one) =>
      [', ', '}', ','].map((end) => `${JSON.stringify(name)}: ${one}${end}`),
    );
    const found = needles.map((needle) => `position(${bindings.of(needle)}::text in ${column}) > 0`);
    const condition = `coalesce(${found.join(' or ')}, false)`;
    return isNot ? `not ${condition}` : condition;
  });
}

const SECONDS = `date_part('epoch', coalesce(j.finished_at, now()) - j.running_at)`;

function numberCondition({ of, test, value }: NumberTest, bindings: Bindings): string {
  const column = of === 'seconds' ? SECONDS : `coalesce(l.${of}, j.${of})`;
  return `${column} ${test} ${bindings.of(value)}::float8`;
}

/** Values of a statement under names of their own. */
class Bindings {
  readonly all: Record<string, unknown> = {};

  of(value: unknown): string {
    const name = `search${Object.keys(this.all).length}`;
    this.all[name] = value;
    return `:${name}`;
  }
}
