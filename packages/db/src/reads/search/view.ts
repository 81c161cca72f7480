import type { JobSearchView } from '@spiderhub/core';
import type { Database } from '../../database.ts';
import { translated } from '../../pg-errors.ts';
import { countMatching, finishedSince } from './matching.ts';
import { searchPage } from './page.ts';
import { readNeighbours, readPlaceInQueue, readRuns } from './runs.ts';
import { readLive, readWaits } from './waits.ts';

/** Lists for people. What they cost does not grow with the number of jobs. */
export function createJobSearchView(database: Database): JobSearchView {
  return translated<JobSearchView>({
    page: (project, search, page) => searchPage(database, project, search, page),
    matching: (project, search) => countMatching(database, project, search),
    finishedSince: (project, since) => finishedSince(database, project, since),
    waits: (project, ids) => readWaits(database, project, ids),
    live: (project) => readLive(database, project),
    runs: (project, spiders, of) => readRuns(database, project, spiders, of),
    neighbours: (key) => readNeighbours(database, key),
    place: (key) => readPlaceInQueue(database, key),
  });
}
