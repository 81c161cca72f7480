import { type BlobStore, createJobAccess, createJobq, type JobTokens, type Signals } from '@spiderhub/core';
import {
  createActivityStore,
  createCollectionStore,
  createCommentStore,
  createEggStore,
  createFrontierStore,
  createJobqStore,
  createJobqView,
  createJobView,
  createProjectStore,
  createReleaseStore,
  createReportStore,
  createSpiderStore,
  type Database,
} from '@spiderhub/db';
import type { StorageParts } from './dialects/hubstorage/parts.ts';
import type { ExtraParts } from './dialects/jobs-api/extras.ts';

/** What the storage dialect needs, on Postgres. */
export function createStorageParts(database: Database, signals: Signals, tokens: JobTokens): StorageParts {
  return {
    jobq: createJobq(createJobqStore(database), signals),
    queue: createJobqView(database),
    collections: createCollectionStore(database),
    frontiers: createFrontierStore(database),
    activity: createActivityStore(database),
    projects: createProjectStore(database),
    spiders: createSpiderStore(database),
    tokens,
    jobAccess: createJobAccess(tokens, createJobView(database)),
  };
}

/** What the rarer operations of the Jobs API need. */
export function createExtraParts(
  database: Database,
  blobs: BlobStore,
  checkEgg: ExtraParts['checkEgg'],
): ExtraParts {
  return {
    spiders: createSpiderStore(database),
    projects: createProjectStore(database),
    comments: createCommentStore(database),
    eggs: createEggStore(database),
    releases: createReleaseStore(database),
    reports: createReportStore(database),
    blobs,
    checkEgg,
  };
}
