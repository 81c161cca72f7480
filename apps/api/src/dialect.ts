import type { Principal } from '@spiderhub/core';
import { type RequestHandler, Router } from 'express';
import type { Credentials } from './http/credentials.ts';
import { type ErrorDialect, HttpProblem, renderErrors } from './http/errors.ts';
import { mount, type Operation } from './http/operation.ts';
import type { Services } from './services.ts';

/** One wire protocol: its operations and how it words errors. It translates; the core decides. */
export interface Dialect {
  name: string;
  /** Path under which its operations lie. */
  base: string;
  /** First path segments under which it is served without its base, too. */
  atRoot?: readonly string[];
  errors: ErrorDialect;
  /** Headers that all of its answers carry, errors included. */
  headers?: Record<string, string>;
  /** Who that is, null for wrong credentials; API keys as user name by default. */
  authenticate?: (services: Services, credentials: Credentials) => Promise<Principal | null>;
  /** Which credentials `authenticate` tells from wrong ones by their signature, without asking the database. */
  isSigned?: (credentials: Credentials) => boolean;
  operations(services: Services): Operation[];
}

export interface DialectOptions {
  before: readonly RequestHandler[];
  checkReplies: boolean;
}

export function dialectRouter(dialect: Dialect, services: Services, options: DialectOptions): Router {
  const { errors } = dialect;
  const router = Router({ caseSensitive: true });
  if (dialect.headers) router.use(alwaysSend(dialect.headers));
  mount(router, dialect.operations(services), { ...options, errors, log: services.log });
  router.use((req) => {
    throw new HttpProblem(404, `Nothing is served under ${req.baseUrl}${req.path.slice(0, 200)}`);
  });
  router.use(renderErrors(errors, services.log));
  return router;
}

/** Lets a dialect have some of the paths at the root, and nobody else's. */
export function onlyAtRoot(segments: readonly string[], router: RequestHandler): RequestHandler {
  const own = new Set(segments);
  return (req, res, next) => (own.has(req.path.split('/', 2)[1] ?? '') ? router(req, res, next) : next());
}

function alwaysSend(headers: Record<string, string>): RequestHandler {
  return (_req, res, next) => {
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
    next();
  };
}
