import type { Principal } from '@spiderhub/core';
import type { Dialect } from '../../dialect.ts';
import type { Credentials } from '../../http/credentials.ts';
import type { Services } from '../../services.ts';
import { storageErrors } from './errors.ts';
import { activityOperations } from './operations/activity.ts';
import { collectionOperations } from './operations/collections.ts';
import { frontierOperations } from './operations/frontier.ts';
import { jobqReadOperations } from './operations/jobq-read.ts';
import { jobqWriteOperations } from './operations/jobq-write.ts';
import { jobOperations } from './operations/jobs.ts';
import { projectOperations } from './operations/projects.ts';
import { recordOperations } from './operations/records.ts';
import { systemOperations } from './operations/system.ts';
import type { StorageParts } from './parts.ts';

const ROOT_SEGMENTS = [
  'jobq',
  'jobs',
  'items',
  'logs',
  'requests',
  'samples',
  'activity',
  'collections',
  'hcf',
  'projects',
  'spiders',
  'ids',
  'system',
  'botgroups',
] as const;

/** Scrapy Cloud's storage ("hubstorage") and queue ("jobq"), as python-scrapinghub and shub speak to them. */
export function createStorageDialect(parts: StorageParts): Dialect {
  return {
    name: 'hubstorage',
    base: '/storage',
    atRoot: ROOT_SEGMENTS,
    errors: storageErrors,
    headers: { 'Access-Control-Allow-Origin': '*' },
    authenticate: ({ access }: Services, { user, password }: Credentials): Promise<Principal | null> =>
      isJob(user) ? parts.jobAccess.authenticate(user, password) : access.authenticate(user),
    isSigned: ({ user }) => isJob(user),
    operations(shared) {
      const services = { ...shared, ...parts };
      return [
        ...recordOperations(services),
        ...jobOperations(services),
        ...jobqReadOperations(services),
        ...jobqWriteOperations(services),
        ...activityOperations(services),
        ...projectOperations(services),
        ...systemOperations(services),
        ...collectionOperations(services),
        ...frontierOperations(services),
      ];
    },
  };
}

/** A job's key has slashes, an API key never has. */
function isJob(user: string): boolean {
  return user.includes('/');
}
