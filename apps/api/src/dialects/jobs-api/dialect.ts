import { type Dialect, plainDialect } from '../dialect.ts';
import { keyOrToken } from '../key-or-token.ts';
import { jobsApiErrors } from './errors.ts';
import { addVersion } from './operations/add-version.ts';
import { attemptsOperation } from './operations/attempts.ts';
import { changeOperations } from './operations/change-jobs.ts';
import { claimOperations } from './operations/claim-jobs.ts';
import { commentOperations } from './operations/comments.ts';
import { eggOperations } from './operations/eggs.ts';
import { itemOperations } from './operations/items.ts';
import { listOperations } from './operations/list-jobs.ts';
import { logOperations } from './operations/log.ts';
import { periodicOperations } from './operations/periodic.ts';
import { projectOperations } from './operations/projects.ts';
import { releaseOperations } from './operations/releases.ts';
import { reportOperations } from './operations/reports.ts';
import { scheduleOperations } from './operations/schedule.ts';
import { settingsOperations } from './operations/settings.ts';
import { spiderOperations } from './operations/spiders.ts';

/** The Jobs API of Scrapy Cloud, as its documents and clients know it, and what shub and its web page call beside it. */
export const jobsApi: Dialect = plainDialect({
  name: 'jobs-api',
  base: '/api',
  errors: jobsApiErrors,
  ...keyOrToken,
  operations: (parts) => [
    ...scheduleOperations(parts),
    ...listOperations(parts),
    ...changeOperations(parts),
    ...claimOperations(parts),
    attemptsOperation(parts),
    ...projectOperations(parts),
    ...itemOperations(parts),
    ...logOperations(parts),
    addVersion(parts),
    ...spiderOperations(parts),
    ...settingsOperations(parts),
    ...commentOperations(parts),
    ...eggOperations(parts),
    ...releaseOperations(parts),
    ...reportOperations(parts),
    ...periodicOperations(parts),
  ],
});
