import type { Principal, Visitor } from '@spiderhub/core';
import { type RequestHandler, Router } from 'express';
import { requireKey } from '../http/auth.ts';
import { answerPreflight, isReadWithKey, refuseForeignSites } from '../http/browser-guard.ts';
import type { Credentials } from '../http/credentials.ts';
import type { Doorkeeper } from '../http/doorkeeper.ts';
import type { Downloads } from '../http/downloads.ts';
import { type ErrorDialect, HttpProblem, renderErrors } from '../http/errors.ts';
import { mount, type Operation, type OperationSpec } from '../http/operation.ts';
import { rateGuard } from '../http/rate-guard.ts';
import type { Parts } from '../parts.ts';

/** What every dialect is served with. */
export interface Host {
  parts: Parts;
  /** One for all dialects: whoever guesses has no more tries by using two of them. */
  doorkeeper: Doorkeeper;
  /** The same for long answers. */
  downloads: Downloads;
  /** Where people and clients reach the service, when that is not where it listens. */
  publicUrl?: string | undefined;
  /** Checks each JSON answer against its schema: for tests and development. */
  checkReplies: boolean;
}

/** One wire protocol. It translates; the core decides. */
export interface Dialect {
  /** Also the name of its folder, and of that of its contract tests. */
  name: string;
  /** Path under which it lies. */
  base: string;
  /** First path segments under which it is served without its base, too. */
  atRoot?: readonly string[];
  /** Another base, below that of a dialect which keeps some of its paths to itself. */
  alsoBelow?: { base: string; except: readonly string[] };
  /** Served alone on a port of its own, too, where its clients look for it. */
  hasOwnPort?: true;
  errors: ErrorDialect;
  /** What it serves, as data. Asks no part for anything. */
  operations(parts: Parts): readonly { spec: OperationSpec }[];
  /** Answers everything below its base. Called once. */
  serve(host: Host): RequestHandler;
}

/** A dialect that consists of operations and has no ways of its own. */
export interface PlainDialect extends Omit<Dialect, 'serve'> {
  /** Headers that all of its answers carry, errors included. */
  headers?: Record<string, string>;
  /** Pages of other sites may read, with a key that they have themselves. */
  isReadByPages?: true;
  /** Who that is, null for wrong credentials; API keys as user name by default. */
  authenticate?: (parts: Parts, credentials: Credentials, from: Visitor) => Promise<Principal | null>;
  /** Which credentials `authenticate` tells from wrong ones by their signature, without asking the database. */
  isSigned?: (credentials: Credentials) => boolean;
  operations(parts: Parts): Operation[];
}

/** Serves operations: a guard before each, one answer for errors, 404 in the dialect's words for everything else. */
export function plainDialect(dialect: PlainDialect): Dialect {
  return { ...dialect, serve: (host) => operationsRouter(dialect, host) };
}

function operationsRouter(dialect: PlainDialect, host: Host): Router {
  const { errors } = dialect;
  const { parts, downloads, publicUrl, checkReplies } = host;
  const router = Router({ caseSensitive: true });
  if (dialect.headers) router.use(alwaysSend(dialect.headers));
  if (dialect.isReadByPages) router.use(answerPreflight);
  const lets = dialect.isReadByPages && isReadWithKey;
  const before = [refuseForeignSites({ publicUrl, ...(lets && { lets }) }), keyGuard(dialect, host)];
  const { rates } = parts.limits;
  if (rates) before.push(rateGuard(rates));
  mount(router, dialect.operations(parts), {
    access: parts.access,
    rates,
    downloads,
    rooms: parts.live.rooms,
    before,
    checkReplies,
    errors,
    notes: parts,
  });
  router.use((req) => {
    throw new HttpProblem(404, `Nothing is served under ${req.baseUrl}${req.path.slice(0, 200)}`);
  });
  router.use(renderErrors(errors, parts));
  return router;
}

function keyGuard({ authenticate, isSigned }: PlainDialect, { parts, doorkeeper }: Host): RequestHandler {
  return requireKey({
    realm: 'apikey',
    doorkeeper,
    ...(isSigned && { isSigned }),
    verify: (credentials, from) =>
      authenticate
        ? authenticate(parts, credentials, from)
        : parts.access.authenticate(credentials.user, from),
  });
}

/** Lets a dialect have all paths but some. */
export function exceptFor(paths: readonly string[], handler: RequestHandler): RequestHandler {
  const others = new Set(paths.flatMap((path) => [path, `${path}/`]));
  return (req, res, next) => (others.has(req.path) ? next() : handler(req, res, next));
}

/** Lets a dialect have some of the paths at the root, and nobody else's. */
export function onlyAtRoot(segments: readonly string[], handler: RequestHandler): RequestHandler {
  const own = new Set(segments);
  return (req, res, next) => (own.has(req.path.split('/', 2)[1] ?? '') ? handler(req, res, next) : next());
}

function alwaysSend(headers: Record<string, string>): RequestHandler {
  return (_req, res, next) => {
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
    next();
  };
}
