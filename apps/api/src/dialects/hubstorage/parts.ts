import type {
  ActivityStore,
  CollectionStore,
  FrontierStore,
  JobAccess,
  Jobq,
  JobqView,
  JobTokens,
  ProjectStore,
  SpiderStore,
} from '@spiderhub/core';
import type { Services } from '../../services.ts';

/** What this dialect needs beside the services that all dialects share. */
export interface StorageParts {
  jobq: Jobq;
  queue: JobqView;
  collections: CollectionStore;
  frontiers: FrontierStore;
  activity: ActivityStore;
  projects: ProjectStore;
  spiders: SpiderStore;
  tokens: JobTokens;
  jobAccess: JobAccess;
}

export type StorageServices = Services & StorageParts;
