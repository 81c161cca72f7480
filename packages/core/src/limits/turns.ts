import { DomainError } from '../errors.ts';
import { type FairLine, fairLine } from '../lib/fair-line.ts';
import type { LimitBook } from './limit-book.ts';

/** Where reads of the database wait, so that nobody's take all of its connections. */
export interface Turn {
  /** Does what reads of a project, when it is its organisation's turn. Throws `exhausted` when too much waits there already. */
  run<T>(project: number, work: () => Promise<T>): Promise<T>;
  /** Waits for a place, and resolves to what gives it back. Throws as `run`. */
  enter(project: number): Promise<() => void>;
}

/** One line for each kind of reads, since each kind has connections of its own. */
export interface Turns {
  /** Lists and counts that take milliseconds as a rule. */
  lists: Turn;
  /** Those that have to look at many jobs. */
  searches: Turn;
  /** Those that take as long as their reader. */
  downloads: Turn;
}

export interface Places {
  /** Reads at the same time. */
  all: number;
  /** Of them of one organisation. */
  ofOne: number;
}

/** Reads of one organisation that may wait, beside those of others. */
const MOST_WAITING = 200;
const RETRY_SECONDS = 2;

export function createTurns(book: Pick<LimitBook, 'ofProject'>, places: Record<keyof Turns, Places>): Turns {
  const turn = (of: Places) => createTurn(book, lineOf(of));
  return { lists: turn(places.lists), searches: turn(places.searches), downloads: turn(places.downloads) };
}

function lineOf({ all, ofOne }: Places): FairLine {
  const refuse = () =>
    new DomainError('exhausted', 'too_many_reads', 'Too many lists at the same time, try again later', {
      details: { retryAfterSeconds: RETRY_SECONDS },
    });
  return fairLine({ places: all, placesOfOne: ofOne, mostWaiting: MOST_WAITING, refuse });
}

function createTurn(book: Pick<LimitBook, 'ofProject'>, line: FairLine): Turn {
  /** A project that is gone has no organisation, and nothing to read either. */
  async function tenantOf(project: number): Promise<string> {
    const allowance = await book.ofProject(project);
    return allowance ? `organisation ${allowance.organisation}` : `project ${project}`;
  }

  return {
    run: async (project, work) => line.run(await tenantOf(project), work),
    enter: async (project) => line.enter(await tenantOf(project)),
  };
}

const AT_ONCE: Turn = { run: (_project, work) => work(), enter: async () => () => {} };

/** For who has the database alone: nothing waits. */
export const NO_TURNS: Turns = { lists: AT_ONCE, searches: AT_ONCE, downloads: AT_ONCE };
