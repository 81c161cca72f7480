import { requestErrors } from '../../errors.ts';
import type { JobState, Priority } from '../job.ts';
import { OUTCOME_WORDS, STATE_WORDS, type StateWord } from './words.ts';

/** A filter of jobs as people write it, taken apart. Empty lists narrow nothing. */
export interface JobSearch {
  /** Each has to be a part of the spider's name, a tag, or the job's key. */
  words: string[];
  /** Any of these, `*` standing for any text at the end; the same for those whose names begin with `not`. */
  spiders: string[];
  notSpiders: string[];
  reasons: string[];
  notReasons: string[];
  versions: string[];
  notVersions: string[];
  by: string[];
  notBy: string[];
  /** Any of these; none means all but deleted jobs. */
  states: StateWord[];
  notStates: StateWord[];
  /** All of these. */
  tags: string[];
  /** None of these. */
  notTags: string[];
  priorities: Priority[];
  /** Any of these. */
  keys: { spider: number; job: number }[];
  /** Arguments and settings with a value; settings are compared as text and as JSON. */
  given: { of: 'args' | 'settings'; name: string; value: string; isNot: boolean }[];
  numbers: NumberTest[];
  /** Came into their state at or after, and before, these moments. */
  since: Date | null;
  until: Date | null;
}

export interface NumberTest {
  of: 'items' | 'errors' | 'pages' | 'logs' | 'seconds';
  test: '>' | '>=' | '<' | '<=' | '=';
  value: number;
}

export function emptySearch(): JobSearch {
  return {
    words: [],
    spiders: [],
    notSpiders: [],
    reasons: [],
    notReasons: [],
    versions: [],
    notVersions: [],
    by: [],
    notBy: [],
    states: [],
    notStates: [],
    tags: [],
    notTags: [],
    priorities: [],
    keys: [],
    given: [],
    numbers: [],
    since: null,
    until: null,
  };
}

/** States of jobs as such that a search may find. */
export function searchedStates({ states }: JobSearch): JobState[] | null {
  if (states.length === 0) return null;
  return [...new Set(states.map((word) => (isOutcome(word) ? 'finished' : word)))];
}

export function isOutcome(word: StateWord): word is (typeof OUTCOME_WORDS)[number] {
  return (OUTCOME_WORDS as readonly string[]).includes(word);
}

/** Throws `invalid` for a word that is no state. */
export function stateWord(value: string): StateWord {
  const word = STATE_WORDS.find((one) => one === value.toLowerCase());
  if (word) return word;
  throw requestErrors.invalid('q', `state: expected one of ${STATE_WORDS.join(', ')}`);
}
