import type { JobSearch } from '@spiderhub/core';
import type { Database } from '../../database.ts';

/** Spiders that one search may mean. */
const MOST_SPIDERS = 2000;

/** Numbers of the spiders that the words and names of a search mean. */
export interface MeantSpiders {
  /** Null when no spider was named. */
  spiders: number[] | null;
  notSpiders: number[];
  /** For each word, in their order. */
  words: number[][];
}

const MEANT = `
  select a.nth, array(select s.number from spiders s where s.project_id = :project and s.name ilike a.pattern
    order by s.number limit ${MOST_SPIDERS}) as numbers
  from unnest(:patterns::text[]) with ordinality a (pattern, nth) order by a.nth`;

/** Looks up all names of a search at once; asks nothing where there are none. */
export async function meantSpiders(
  database: Database,
  project: number,
  { spiders, notSpiders, words }: JobSearch,
): Promise<MeantSpiders> {
  const patterns = [
    ...spiders.map(patternOf),
    ...notSpiders.map(patternOf),
    ...words.map((word) => `%${escaped(word)}%`),
  ];
  if (patterns.length === 0) return { spiders: null, notSpiders: [], words: [] };
  const { rows } = await database.raw<{ rows: { numbers: number[] }[] }>(MEANT, { project, patterns });
  const found = rows.map(({ numbers }) => numbers);
  const all = (lists: number[][]) => [...new Set(lists.flat())].slice(0, MOST_SPIDERS);
  const named = found.slice(0, spiders.length);
  return {
    spiders: spiders.length === 0 ? null : all(named),
    notSpiders: all(found.slice(spiders.length, spiders.length + notSpiders.length)),
    words: found.slice(spiders.length + notSpiders.length),
  };
}

/** A name for `like`: a star at its end stands for any text. */
export function patternOf(name: string): string {
  return name.endsWith('*') ? `${escaped(name.slice(0, -1))}%` : escaped(name);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}
