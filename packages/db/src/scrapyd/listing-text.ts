import { promisify } from 'node:util';
import type { ListingStyle, ScrapydState, ScrapydView } from '@spiderhub/core/scrapyd';
import type { Database } from '../database.ts';
import { fromPostgres } from '../pg-errors.ts';
import { createLineCache } from './line-cache.ts';
import { FIELDS_SQL, jobsIn, orderBindings, orderSql, writeJob } from './listing.ts';

const immediately = promisify(setImmediate);
/** Jobs that are written in one go: other requests are answered in between. */
const JOBS_PER_PIECE = 500;
/** Jobs that are read at once. */
const JOBS_AT_ONCE = 2000;

/** The text of `listjobs.json`; docs/adr/0016 says why it is made here. */
export function listingText(database: Database): Pick<ScrapydView, 'listing'> {
  const cache = createLineCache();

  async function one<T>(sql: string, bindings: Record<string, unknown>): Promise<T> {
    try {
      const result = await database.raw<{ rows: [T] }>(sql, bindings as never);
      return result.rows[0];
    } catch (error) {
      throw fromPostgres(error);
    }
  }

  /** Lines of jobs in their order. Only what has changed since it was written last is read. */
  async function linesOf(
    state: ScrapydState,
    marks: readonly string[],
    projects: readonly number[],
    { prefix, timeZone, escape: escaping }: ListingStyle,
  ): Promise<string[]> {
    // A job that changes its state has another mark.
    const keyOf = (mark: string) => (prefix === '' ? mark : `${mark}${prefix}`);
    const lines = marks.map((mark) => cache.get(keyOf(mark)));
    const missing = marks.filter((_, i) => lines[i] === undefined);
    if (missing.length === 0) return lines as string[];
    const ids = missing.map((mark) => mark.slice(0, mark.indexOf(':')));
    const { jobs } = await one<{ jobs: string | null }>(FIELDS_SQL, {
      ids,
      projects: [...projects],
      timeZone,
    });
    const written = new Map<string, string>();
    for (const job of jobsIn(jobs)) {
      const { mark, line } = writeJob(state, job, prefix);
      const escaped = escaping(line);
      cache.set(keyOf(mark), escaped);
      written.set(mark.slice(0, mark.indexOf(':')), escaped);
    }
    // A job that is gone by now is left out; one that has changed is shown as it is now.
    return marks.flatMap((mark, i) => lines[i] ?? written.get(mark.slice(0, mark.indexOf(':'))) ?? []);
  }

  return {
    async *listing(states, range, limits, style) {
      const inJson = { ...style, prefix: JSON.stringify(style.prefix).slice(1, -1) };
      const order = await one<Partial<Record<ScrapydState, string | null>>>(
        orderSql(states, range),
        orderBindings(range, limits),
      );
      for (const state of states) {
        const marks = order[state]?.split(',') ?? [];
        for (let at = 0; at < marks.length; at += JOBS_AT_ONCE) {
          const lines = await linesOf(state, marks.slice(at, at + JOBS_AT_ONCE), range.projects, inJson);
          for (let from = 0; from < lines.length; from += JOBS_PER_PIECE) {
            yield { state, piece: lines.slice(from, from + JOBS_PER_PIECE).join(', ') };
            // Other requests are answered after each piece.
            await immediately();
          }
        }
      }
    },
  };
}
