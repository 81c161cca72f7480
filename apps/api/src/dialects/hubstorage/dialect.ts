import { type Dialect, plainDialect } from '../dialect.ts';
import { keyOrToken } from '../key-or-token.ts';
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
export const hubstorage: Dialect = plainDialect({
  name: 'hubstorage',
  base: '/storage',
  atRoot: ROOT_SEGMENTS,
  errors: storageErrors,
  headers: { 'Access-Control-Allow-Origin': '*' },
  isReadByPages: true,
  ...keyOrToken,
  operations: (parts) => [
    ...recordOperations(parts),
    ...jobOperations(parts),
    ...jobqReadOperations(parts),
    ...jobqWriteOperations(parts),
    ...activityOperations(parts),
    ...projectOperations(parts),
    ...systemOperations(parts),
    ...collectionOperations(parts),
    ...frontierOperations(parts),
  ],
});
