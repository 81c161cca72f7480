import { requestErrors } from '../../errors.ts';
import type { Priority } from '../job.ts';
import { readMoment } from './moment.ts';
import { emptySearch, type JobSearch, type NumberTest, stateWord } from './search.ts';
import { nearestName, readTerms, type Term } from './terms.ts';

type Reader = (search: JobSearch, term: Term, now: Date) => void;

const NUMBERS = ['items', 'errors', 'pages', 'logs', 'seconds'] as const;
const TEST = /^(>=|<=|>|<|=)?(\d{1,15}(?:\.\d{1,6})?)$/;
const KEY = /^(?:(\d{1,9})\/)?([1-9]\d{0,8})\/([1-9]\d{0,8})$/;

const FIELDS: Record<string, Reader> = {
  spider: either('spiders', 'notSpiders'),
  reason: either('reasons', 'notReasons'),
  tag: either('tags', 'notTags'),
  version: either('versions', 'notVersions'),
  by: either('by', 'notBy'),
  state: (search, { value, isNot }) => {
    (isNot ? search.notStates : search.states).push(stateWord(value));
  },
  priority: (search, term) => {
    refuseNot(term);
    if (!/^[0-4]$/.test(term.value)) throw wrong(term, 'expected a number from 0 to 4');
    search.priorities.push(Number(term.value) as Priority);
  },
  key: (search, term) => {
    refuseNot(term);
    const [, , spider, job] = KEY.exec(term.value) ?? [];
    if (job === undefined) throw wrong(term, 'expected spider/job or project/spider/job');
    search.keys.push({ spider: Number(spider), job: Number(job) });
  },
  since: (search, term, now) => {
    refuseNot(term);
    search.since = momentOf(term, now);
  },
  until: (search, term, now) => {
    refuseNot(term);
    search.until = momentOf(term, now);
  },
  ...Object.fromEntries(NUMBERS.map((of) => [of, number(of)])),
};

const NAMES = [...Object.keys(FIELDS), 'args.NAME', 'settings.NAME'];

/**
 * Reads a filter of jobs: `spider:books state:failed tag:daily -tag:consumed errors:>0 args.lang:de since:7d`. Throws
 * `invalid` for parameter `q`, with the name that was perhaps meant.
 */
export function readJobSearch(text: string, now: Date): JobSearch {
  const search = emptySearch();
  for (const term of readTerms(text)) {
    if (/[\0]|\p{Surrogate}/u.test(term.value))
      throw requestErrors.invalid('q', 'holds text that is no text');
    readTerm(search, term, now);
  }
  return search;
}

function readTerm(search: JobSearch, term: Term, now: Date): void {
  const { field, value, isNot } = term;
  if (field === null) {
    if (value !== '') search.words.push(value);
    return;
  }
  const [, of, name] = /^(args|settings)\.(.+)$/s.exec(field) ?? [];
  if (name !== undefined) {
    search.given.push({ of: of as 'args' | 'settings', name, value, isNot });
    return;
  }
  const read = Object.hasOwn(FIELDS, field.toLowerCase()) ? FIELDS[field.toLowerCase()] : undefined;
  if (!read) throw unknownField(field);
  if (value === '') throw wrong(term, 'a value is missing');
  read(search, term, now);
}

function either(
  is: 'spiders' | 'reasons' | 'tags' | 'versions' | 'by',
  not: 'notSpiders' | 'notReasons' | 'notTags' | 'notVersions' | 'notBy',
): Reader {
  return (search, { value, isNot }) => void search[isNot ? not : is].push(value);
}

function number(of: NumberTest['of']): Reader {
  return (search, term) => {
    refuseNot(term);
    const [, test = '=', value] = TEST.exec(term.value) ?? [];
    if (value === undefined) throw wrong(term, 'expected a number, perhaps with > >= < or <= before it');
    search.numbers.push({ of, test: test as NumberTest['test'], value: Number(value) });
  };
}

function momentOf(term: Term, now: Date): Date {
  const moment = readMoment(term.value, now);
  if (!moment) throw wrong(term, 'expected 7d, 12h, 30m, a date such as 2026-01-31, or a moment in ISO 8601');
  return moment;
}

function refuseNot(term: Term): void {
  if (term.isNot) throw wrong(term, 'cannot be negated');
}

function wrong({ field }: Term, why: string) {
  return requestErrors.invalid('q', `${field}: ${why}`);
}

function unknownField(field: string) {
  const near = nearestName(field, NAMES);
  const shown = JSON.stringify(field.slice(0, 50));
  const hint = near === null ? `there are ${NAMES.join(', ')}` : `did you mean ${near}?`;
  return requestErrors.invalid('q', `there is no field ${shown}, ${hint}`);
}
