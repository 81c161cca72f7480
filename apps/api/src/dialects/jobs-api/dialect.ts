import type { Dialect } from '../../dialect.ts';
import { scrapinghubErrors } from './errors.ts';
import { addVersion } from './operations/add-version.ts';
import { attemptsOperation } from './operations/attempts.ts';
import { changeOperations } from './operations/change-jobs.ts';
import { claimOperations } from './operations/claim-jobs.ts';
import { itemOperations } from './operations/items.ts';
import { listOperations } from './operations/list-jobs.ts';
import { logOperations } from './operations/log.ts';
import { projectOperations } from './operations/projects.ts';
import { scheduleOperations } from './operations/schedule.ts';

/** The Jobs API of Scrapy Cloud, as its documents and clients know it. */
export const scrapinghub: Dialect = {
  name: 'jobs-api',
  base: '/api',
  errors: scrapinghubErrors,
  operations: (services) => [
    ...scheduleOperations(services),
    ...listOperations(services),
    ...changeOperations(services),
    ...claimOperations(services),
    attemptsOperation(services),
    ...projectOperations(services),
    ...itemOperations(services),
    ...logOperations(services),
    addVersion(services),
  ],
};
