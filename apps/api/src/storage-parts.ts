import { createJobAccess, createJobq, type JobTokens, type Signals } from '@spiderhub/core';
import {
  createActivityStore,
  createCollectionStore,
  createFrontierStore,
  createJobqStore,
  createJobqView,
  createJobView,
  createProjectStore,
  createSpiderStore,
  type Database,
} from '@spiderhub/db';
import type { StorageParts } from './dialects/storage/parts.ts';

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
