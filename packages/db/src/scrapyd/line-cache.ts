import { LRUCache } from 'lru-cache';

/** Lines that are kept: those of the last listings, 20 to 30 MB. */
const MOST_LINES = 50_000;

/** The rendered lines of jobs, by job and by all that a line shows. */
export type LineCache = Pick<LRUCache<string, string>, 'get' | 'set'>;

export function createLineCache(): LineCache {
  return new LRUCache({ max: MOST_LINES });
}
