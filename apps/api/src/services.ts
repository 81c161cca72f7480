import type { Access, ClaimStore, Deploy, Jobs, StreamStore, VersionStore } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';

/** What the product offers to every dialect. */
export interface Services {
  access: Access;
  jobs: Jobs;
  claims: ClaimStore;
  deploy: Deploy;
  versions: VersionStore;
  streams: StreamStore;
  /** Uploads wait here; each has a directory of its own, which is gone when its request ends. */
  uploadDir: string;
  log: Logger;
  now: () => Date;
}
