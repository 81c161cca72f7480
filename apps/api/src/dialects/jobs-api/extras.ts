import type {
  BlobStore,
  CommentStore,
  EggStore,
  ProjectStore,
  ReleaseStore,
  ReportStore,
  SpiderStore,
} from '@spiderhub/core';
import type { Dialect } from '../../dialect.ts';
import type { Services } from '../../services.ts';
import { commentOperations } from './operations/comments.ts';
import { eggOperations } from './operations/eggs.ts';
import { releaseOperations } from './operations/releases.ts';
import { reportOperations } from './operations/reports.ts';
import { settingsOperations } from './operations/settings.ts';
import { spiderOperations } from './operations/spiders.ts';

/** What the rarer operations need beside the services that all dialects share. */
export interface ExtraParts {
  spiders: SpiderStore;
  projects: ProjectStore;
  comments: CommentStore;
  eggs: EggStore;
  releases: ReleaseStore;
  reports: ReportStore;
  blobs: BlobStore;
  /** Throws `invalid` for a file that no deploy could unpack. */
  checkEgg(path: string): Promise<void>;
}

export type ExtraServices = Services & ExtraParts;

/** The dialect with everything around jobs: spiders' tags, comments, eggs, images, reports. */
export function withExtras(dialect: Dialect, parts: ExtraParts): Dialect {
  return {
    ...dialect,
    operations(shared) {
      const services = { ...shared, ...parts };
      return [
        ...dialect.operations(shared),
        ...spiderOperations(services),
        ...settingsOperations(services),
        ...commentOperations(services),
        ...eggOperations(services),
        ...releaseOperations(services),
        ...reportOperations(services),
      ];
    },
  };
}
