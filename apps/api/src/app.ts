import type { FailureCounts } from '@spiderhub/core';
import type { IsolationReport } from '@spiderhub/isolation';
import express, { type Express, type RequestHandler } from 'express';
import { type Dialect, exceptFor, type Host, onlyAtRoot } from './dialects/dialect.ts';
import { accessLog } from './http/access-log.ts';
import { isLoopback, neverInFrames, refuseForeignHosts } from './http/browser-guard.ts';
import { createDoorkeeper } from './http/doorkeeper.ts';
import { createDownloads } from './http/downloads.ts';
import { DEFAULT_STATUS, type ErrorDialect, HttpProblem, renderErrors } from './http/errors.ts';
import { type Checks, healthz, readyz } from './http/readiness.ts';
import { requestId } from './http/request-id.ts';
import { createThrottle } from './http/throttle.ts';
import { trustProxies } from './http/trust-proxy.ts';
import { webPage } from './pages/pages.ts';
import type { Parts } from './parts.ts';

export interface AppOptions {
  parts: Parts;
  dialects: readonly Dialect[];
  checks: Checks;
  /** How far code of projects is kept away from the rest, for `/readyz`. */
  isolation?: () => IsolationReport;
  /** The address it listens on. */
  host: string;
  publicUrl?: string | undefined;
  /** Proxies whose X-Forwarded-For is believed (Express's `trust proxy`); nobody's by default. */
  trustProxy?: string | undefined;
  /** Wrong keys from one address in a minute, before it has to wait. */
  authFailuresPerMinute?: number;
  /** Long answers that one caller may be reading at the same time. */
  downloadsPerCaller?: number;
  /** Where all processes of the API count them together. */
  failureCounts?: FailureCounts;
  checkReplies?: boolean;
  /** Pages without a key, such as the demo site: path to handler. */
  pages?: Record<string, RequestHandler>;
}

export interface Apps {
  /** All dialects, each below its base. */
  main: Express;
  /** By name, the dialects that have a port of their own: each the same as in `main`, at the root and alone. */
  alone: Map<string, Express>;
}

const plainErrors: ErrorDialect = {
  statusOf: DEFAULT_STATUS,
  body: (message) => ({ status: 'error', message }),
};

/** This machine itself gets more tries: on it run proxies and many processes of one owner. */
const LOOPBACK_FACTOR = 10;

/** The whole HTTP side. Each dialect is served by one handler, wherever it is mounted. */
export function createApps(options: AppOptions): Apps {
  const { dialects, checks, isolation, pages = {} } = options;
  const host = hostOf(options);
  const main = bareApp(options);
  const alone = new Map<string, Express>();
  const served = dialects.map((dialect) => ({ dialect, handler: dialect.serve(host) }));
  // Before the dialects whose paths they lie below: those answer what they do not know.
  for (const { dialect, handler } of served) {
    const { alsoBelow } = dialect;
    if (alsoBelow) main.use(alsoBelow.base, exceptFor(alsoBelow.except, handler));
  }
  for (const { dialect, handler } of served) {
    main.use(dialect.base, handler);
    if (dialect.atRoot) main.use(onlyAtRoot(dialect.atRoot, handler));
    if (dialect.hasOwnPort) alone.set(dialect.name, aloneApp(dialect, handler, options));
  }
  main.get('/healthz', healthz);
  main.get(
    '/readyz',
    readyz(checks, options.parts.log, () => ({ isolation: isolation?.() })),
  );
  for (const [path, handler] of Object.entries(pages)) main.use(path, handler);
  main.use(webPage());
  main.use(() => {
    throw new HttpProblem(404, 'Nothing is served under this path');
  });
  main.use(renderErrors(plainErrors, options.parts));
  return { main, alone };
}

function hostOf(options: AppOptions): Host {
  const { parts, publicUrl, checkReplies = false, authFailuresPerMinute = 60, failureCounts } = options;
  const downloads = createDownloads(options.downloadsPerCaller ?? 40);
  const throttle = createThrottle({
    limit: authFailuresPerMinute,
    loopbackLimit: authFailuresPerMinute * LOOPBACK_FACTOR,
    shared: failureCounts,
  });
  return { parts, doorkeeper: createDoorkeeper(throttle), downloads, publicUrl, checkReplies };
}

/** What every request goes through, whichever port it came in by. */
function bareApp({ parts, host, publicUrl, trustProxy }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  if (trustProxy !== undefined) trustProxies(app, trustProxy);
  app.use(requestId, neverInFrames, accessLog(parts.log));
  if (isLoopback(host)) app.use(refuseForeignHosts({ publicUrl }));
  return app;
}

/** Clients that know only a host and a port find what they expect at the root. */
function aloneApp({ errors }: Dialect, handler: RequestHandler, options: AppOptions): Express {
  const app = bareApp(options);
  app.use(handler);
  app.use(renderErrors(errors, options.parts));
  return app;
}
