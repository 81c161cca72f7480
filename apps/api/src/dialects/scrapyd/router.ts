import express, { type Express, Router } from 'express';
import { accessLog } from '../../http/access-log.ts';
import { isLoopback, refuseForeignHosts, refuseForeignSites } from '../../http/browser-guard.ts';
import { DEFAULT_STATUS, type ErrorDialect, renderErrors } from '../../http/errors.ts';
import { requestId } from '../../http/request-id.ts';
import { trustProxies } from '../../http/trust-proxy.ts';
import { createScrapydHandler, type ScrapydOptions } from './handler.ts';
import { NODE_NAME } from './wire/reply.ts';

/** For what is refused before a service has its say: a page of another site, a strange host name. */
const guardErrors: ErrorDialect = {
  statusOf: DEFAULT_STATUS,
  body: (message) => ({ status: 'error', message, node_name: NODE_NAME }),
};

export interface ScrapydRouterOptions extends ScrapydOptions {
  publicUrl?: string | undefined;
}

/** Scrapyd's API and pages, to be mounted anywhere. No answer without credentials, none to pages of other sites. */
export function createScrapydRouter(options: ScrapydRouterOptions): Router {
  const router = Router();
  router.use(refuseForeignSites({ publicUrl: options.publicUrl }));
  router.use(createScrapydHandler(options));
  router.use(renderErrors(guardErrors, options.services.log));
  return router;
}

export interface ScrapydAppOptions {
  router: Router;
  log: ScrapydOptions['services']['log'];
  /** The address it listens on. */
  host: string;
  publicUrl?: string | undefined;
  /** Proxies whose X-Forwarded-For is believed. */
  trustProxy?: string | undefined;
}

/** An app with nothing but Scrapyd at its root: clients that know only a host and a port find what they expect. */
export function createScrapydApp({ router, log, host, publicUrl, trustProxy }: ScrapydAppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  if (trustProxy !== undefined) trustProxies(app, trustProxy);
  app.use(requestId, accessLog(log));
  if (isLoopback(host)) app.use(refuseForeignHosts({ publicUrl }));
  app.use(router);
  app.use(renderErrors(guardErrors, log));
  return app;
}
