import express, { type Express, type RequestHandler } from 'express';
import { type Dialect, dialectRouter, onlyAtRoot } from './dialect.ts';
import { accessLog } from './http/access-log.ts';
import { requireKey } from './http/auth.ts';
import { isLoopback, refuseForeignHosts, refuseForeignSites } from './http/browser-guard.ts';
import { createDoorkeeper, type Doorkeeper } from './http/doorkeeper.ts';
import { DEFAULT_STATUS, type ErrorDialect, HttpProblem, renderErrors } from './http/errors.ts';
import { type Checks, healthz, readyz } from './http/readiness.ts';
import { requestId } from './http/request-id.ts';
import { createThrottle, type Throttle } from './http/throttle.ts';
import { trustProxies } from './http/trust-proxy.ts';
import type { Services } from './services.ts';

export interface AppOptions {
  services: Services;
  dialects: readonly Dialect[];
  checks: Checks;
  /** The address it listens on. */
  host: string;
  publicUrl?: string | undefined;
  /** Proxies whose X-Forwarded-For is believed (Express's `trust proxy`); nobody's by default. */
  trustProxy?: string | undefined;
  /** Wrong keys from one address in a minute, before it has to wait. */
  authFailuresPerMinute?: number;
  checkReplies?: boolean;
  /** Pages without a key, such as the demo site: path to handler. */
  pages?: Record<string, RequestHandler>;
}

const plainErrors: ErrorDialect = {
  statusOf: DEFAULT_STATUS,
  body: (message) => ({ status: 'error', message }),
};

/** This machine itself gets more tries: on it run proxies and many processes of one owner. */
const LOOPBACK_FACTOR = 10;

/** The whole HTTP side as one Express app. */
export function createApp(options: AppOptions): Express {
  const { services, dialects, checks, host, publicUrl, checkReplies = false, pages = {} } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  if (options.trustProxy !== undefined) trustProxies(app, options.trustProxy);

  app.use(requestId, accessLog(services.log));
  if (isLoopback(host)) app.use(refuseForeignHosts({ publicUrl }));
  const doorkeeper = createDoorkeeper(throttleOf(options));
  for (const dialect of dialects) {
    const before = [refuseForeignSites({ publicUrl }), keyGuard(dialect, services, doorkeeper)];
    const router = dialectRouter(dialect, services, { before, checkReplies });
    app.use(dialect.base, router);
    if (dialect.atRoot) app.use(onlyAtRoot(dialect.atRoot, router));
  }
  app.get('/healthz', healthz);
  app.get('/readyz', readyz(checks));
  for (const [path, handler] of Object.entries(pages)) app.use(path, handler);
  app.use(() => {
    throw new HttpProblem(404, 'Nothing is served under this path');
  });
  app.use(renderErrors(plainErrors, services.log));
  return app;
}

function throttleOf({ authFailuresPerMinute = 60 }: AppOptions): Throttle {
  return createThrottle({
    limit: authFailuresPerMinute,
    loopbackLimit: authFailuresPerMinute * LOOPBACK_FACTOR,
  });
}

function keyGuard(dialect: Dialect, services: Services, doorkeeper: Doorkeeper): RequestHandler {
  const { authenticate, isSigned } = dialect;
  return requireKey({
    realm: 'apikey',
    doorkeeper,
    ...(isSigned && { isSigned }),
    verify: (credentials) =>
      authenticate ? authenticate(services, credentials) : services.access.authenticate(credentials.user),
  });
}
