import { Router } from 'express';
import { refuseForeignSites } from '../../http/browser-guard.ts';
import { DEFAULT_STATUS, type ErrorDialect, renderErrors } from '../../http/errors.ts';
import type { Dialect, Host } from '../dialect.ts';
import { createScrapydHandler } from './handler.ts';
import { OPERATIONS } from './operations.ts';
import { NODE_NAME } from './wire/reply.ts';

/** For what is refused before a service has its say: a page of another site, a strange host name. */
const guardErrors: ErrorDialect = {
  statusOf: DEFAULT_STATUS,
  body: (message) => ({ status: 'error', message, node_name: NODE_NAME }),
};

/**
 * Scrapyd's API and pages, byte for byte. It brings its own handler: its clients read the answers of a Twisted server,
 * errors in status 200 included.
 */
export const scrapyd: Dialect = {
  name: 'scrapyd',
  base: '/scrapyd',
  // Where Scrapy Cloud has it; two of its services mean something else there.
  alsoBelow: { base: '/api/scrapyd', except: ['/listprojects.json', '/addversion.json'] },
  hasOwnPort: true,
  errors: guardErrors,
  operations: () => OPERATIONS,
  serve,
};

/** No answer without credentials, or an address that is trusted; none to pages of other sites. */
function serve({ parts, doorkeeper, downloads, publicUrl }: Host): Router {
  const router = Router();
  router.use(refuseForeignSites({ publicUrl }));
  router.use(createScrapydHandler(parts, { doorkeeper, downloads, publicUrl }));
  router.use(renderErrors(guardErrors, parts));
  return router;
}
