import type { JobSearch } from '@spiderhub/core';
import type { Database } from '../../database.ts';
import { type MeantSpiders, meantSpiders } from './names.ts';
import { type SearchParts, searchParts } from './search-sql.ts';

const KEY = /^(?:(\d{1,9})\/)?([1-9]\d{0,8})\/([1-9]\d{0,8})$/;

/**
 * A search as searches that indexes can help with, no two of which find the same job. A word may be a part of a spider's
 * name or a tag: the first one that may be both makes two of one; further ones are looked for along the list.
 */
export async function alternativesOf(
  database: Database,
  project: number,
  asked: JobSearch,
): Promise<SearchParts[]> {
  const search = withKeys(asked);
  const meant = await meantSpiders(database, project, search);
  const decided: JobSearch = { ...search, words: [], tags: [...search.tags] };
  const open: { word: string; numbers: number[] }[] = [];
  search.words.forEach((word, at) => {
    const numbers = meant.words[at] ?? [];
    // What is no part of any name can only be a tag.
    if (numbers.length === 0) decided.tags.push(word);
    else open.push({ word, numbers });
  });
  const [first, ...others] = open;
  const either = first
    ? [
        parts(project, decided, { ...meant, spiders: within(meant.spiders, first.numbers) }),
        parts(
          project,
          { ...decided, tags: [...decided.tags, first.word] },
          { ...meant, notSpiders: [...meant.notSpiders, ...first.numbers] },
        ),
      ]
    : [parts(project, decided, meant)];
  return either.filter((one) => one !== null).map((one) => withWords(one, others));
}

function parts(
  project: number,
  search: JobSearch,
  meant: Pick<MeantSpiders, 'spiders' | 'notSpiders'>,
): SearchParts | null {
  return searchParts(project, search, meant);
}

function within(named: number[] | null, numbers: number[]): number[] {
  return named ? numbers.filter((number) => named.includes(number)) : numbers;
}

/** Words that are keys of jobs, as keys. */
function withKeys(search: JobSearch): JobSearch {
  const keys = search.words.map((word) => KEY.exec(word));
  return {
    ...search,
    words: search.words.filter((_, at) => !keys[at]),
    keys: [
      ...search.keys,
      ...keys.flatMap((match) => (match ? [{ spider: Number(match[2]), job: Number(match[3]) }] : [])),
    ],
  };
}

function withWords(search: SearchParts, words: { word: string; numbers: number[] }[]): SearchParts {
  const bindings = { ...search.bindings };
  const rest = words.map(({ word, numbers }, at) => {
    Object.assign(bindings, { [`word${at}`]: word, [`wordSpiders${at}`]: numbers });
    return `(j.spider = any(:wordSpiders${at}::int[]) or :word${at}::text = any(j.tags))`;
  });
  return { ...search, rest: [...search.rest, ...rest], bindings };
}
