import { type RequestHandler, Router } from 'express';
import { type ErrorDialect, HttpProblem, renderErrors } from './http/errors.ts';
import { mount, type Operation } from './http/operation.ts';
import type { Services } from './services.ts';

/** One wire protocol: its operations and how it words errors. It translates; the core decides. */
export interface Dialect {
  name: string;
  /** Path under which its operations lie. */
  base: string;
  errors: ErrorDialect;
  operations(services: Services): Operation[];
}

export interface DialectOptions {
  before: readonly RequestHandler[];
  checkReplies: boolean;
}

export function dialectRouter(dialect: Dialect, services: Services, options: DialectOptions): Router {
  const { errors } = dialect;
  const router = Router({ caseSensitive: true });
  mount(router, dialect.operations(services), { ...options, errors, log: services.log });
  router.use((req) => {
    throw new HttpProblem(404, `Nothing is served under ${req.baseUrl}${req.path.slice(0, 200)}`);
  });
  router.use(renderErrors(errors, services.log));
  return router;
}
