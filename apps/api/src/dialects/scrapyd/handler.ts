import { DomainError } from '@spiderhub/core';
import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from 'express';
import { answerErrors, type ErrorNotes, HttpProblem } from '../../http/errors.ts';
import { arrive } from '../../http/rate-guard.ts';
import type { Parts } from '../../parts.ts';
import type { Host } from '../dialect.ts';
import { authenticate, guest } from './auth.ts';
import { admitted, type Visit } from './call.ts';
import { hasFolders, PAGE_OPERATIONS, type PageName, SERVICE_OPERATIONS } from './operations.ts';
import { createProjects } from './projects.ts';
import { bodyFields, queryFields } from './wire/body.ts';
import { type EggForm, receiveEggForm } from './wire/egg-form.ts';
import { PythonError } from './wire/python-text.ts';
import {
  errorText,
  isRead,
  SERVICES,
  type ServiceName,
  sendError,
  sendMethods,
  sendNoResource,
  sendOk,
  sendUnauthorized,
  sendUnknownMethod,
} from './wire/reply.ts';

/** All of Scrapyd's addresses below wherever it is mounted. */
export function createScrapydHandler(
  parts: Parts,
  { doorkeeper, downloads, publicUrl }: Pick<Host, 'doorkeeper' | 'downloads' | 'publicUrl'>,
): RequestHandler {
  const projects = createProjects(parts.scrapyd.view);
  const fail = answerFailures(parts);
  return async (req: Request, res: Response, next: NextFunction): Promise<void> => {
    try {
      const who = (await authenticate(req, parts, doorkeeper)) ?? (await guest(req, parts, publicUrl));
      if (!who) return refuse(req, res);
      req.user = who;
      await arrive(parts.limits.rates, who, res);
      if (isDownload(req)) await downloads.enter(req, res);
      await answer({ parts, projects, req, res, who, prefix: req.baseUrl });
    } catch (error) {
      fail(error, req, res, next);
    }
  };
}

/** What may be long: lists of jobs, and whatever lies in folders. */
function isDownload({ method, path }: Request): boolean {
  return method === 'GET' && /^\/{1,2}(listjobs\.json|jobs|logs|items)(\/|$)/.test(path);
}

function refuse(req: Request, res: Response): void {
  sendUnauthorized(res);
  req.resume();
}

async function answer(visit: Visit): Promise<void> {
  const path = splitPath(visit.req.url.replace(DOUBLE_SLASH, '/'));
  const [first = '', ...below] = path ?? [];
  if (!path) return sendNoResource(visit.req, visit.res);
  if (below.length === 0 && Object.hasOwn(SERVICES, first)) return answerService(visit, first as ServiceName);
  if (!isPage(first) || (below.length > 0 && !hasFolders(first))) return sendNoResource(visit.req, visit.res);
  return answerPage(visit, first, below);
}

function isPage(name: string): name is PageName {
  return Object.hasOwn(PAGE_OPERATIONS, name);
}

async function answerService(visit: Visit, name: ServiceName): Promise<void> {
  const { req, res } = visit;
  const { method, className } = SERVICES[name];
  if (req.method === 'OPTIONS') return sendMethods(res, method);
  if (req.method === 'HEAD' && method === 'POST') {
    return sendError(res, method, `AttributeError: '${className}' object has no attribute 'render_GET'`);
  }
  if (req.method !== method && req.method !== 'HEAD') {
    req.resume();
    const allowed = `[b'HEAD', b'OPTIONS', b'${method}']`;
    return sendError(res, method, `UnsupportedMethod: Expected one of ${allowed}`);
  }
  const { action, handle } = SERVICE_OPERATIONS[name];
  const call = admitted(visit, action);
  const form = await formOf(visit, name);
  const { fields, eggPath } = form;
  try {
    const text = await handle({ fields, eggPath, ...call });
    if (text !== null) sendOk(res, method, text);
  } finally {
    await form.remove();
  }
}

async function formOf({ req, parts }: Visit, name: ServiceName): Promise<EggForm> {
  if (name === 'addversion.json') return receiveEggForm(req, parts.uploadDir);
  const fields = SERVICES[name].method === 'GET' ? queryFields(req) : await bodyFields(req);
  return { fields, eggPath: null, remove: async () => {} };
}

/** What lies in folders decides for itself: a listing answers any method, as in Twisted, and a file does not. */
async function answerPage(visit: Visit, name: PageName, below: readonly string[]): Promise<void> {
  const { req, res } = visit;
  const { action, handle } = PAGE_OPERATIONS[name];
  if (!isRead(req)) {
    req.resume();
    if (!hasFolders(name)) return sendUnknownMethod(req, res);
  }
  return handle(admitted({ ...visit, prefix: forwardedPrefix(visit) }, action), below);
}

/**
 * Some clients add a slash to an address that ends with one, and one that has a path of its own has to for others:
 * both find the services.
 */
const DOUBLE_SLASH = /^\/{2}(?=\w+\.json(?:$|\?))/;

/** The path's decoded parts; null when it is no UTF-8. */
function splitPath(url: string): string[] | null {
  try {
    return (url.split('?', 1)[0] ?? '').split('/').slice(1).map(decodeURIComponent);
  } catch {
    return null;
  }
}

const MAX_PREFIX = 500;

/** A proxy says under which path it serves us; links then begin with that. */
function forwardedPrefix({ req, prefix }: Visit): string {
  const header = req.headers['x-forwarded-prefix'];
  return typeof header === 'string' && header.length <= MAX_PREFIX ? header : prefix;
}

interface Failure {
  /** Of the answer. Errors of services are answers like any other to Scrapyd's clients: what is wrong is in the text. */
  status: number;
  message: string;
  headers?: Record<string, string>;
}

/** Words for an error; null for a bug. */
function failureOf(error: unknown): Failure | null {
  if (error instanceof PythonError) return { status: 200, message: `${error.className}: ${error.message}` };
  if (error instanceof HttpProblem) return error;
  if (!(error instanceof DomainError)) return null;
  // Not Scrapyd's own words, which knows no limits: what is too large is for whoever sends it to see at once.
  if (error.kind === 'too_large') return { status: 413, message: error.message };
  if (error.kind !== 'exhausted') return { status: 200, message: error.message };
  const { retryAfterSeconds } = error.details;
  return { status: 429, message: error.message, headers: { 'Retry-After': String(retryAfterSeconds) } };
}

function severityOf(error: unknown, known: Failure | null): number {
  if (!known) return 500;
  return error instanceof DomainError && error.kind === 'unavailable' ? 503 : known.status;
}

function answerFailures(notes: ErrorNotes): ErrorRequestHandler {
  return answerErrors(notes, (error) => {
    const known = failureOf(error);
    return { status: severityOf(error, known), send: (req, res) => sendFailure(known, req, res) };
  });
}

function sendFailure(known: Failure | null, req: Request, res: Response): void {
  const message = known?.message ?? 'internal error';
  const name = splitPath(req.url.replace(DOUBLE_SLASH, '/'))?.join('/') ?? '';
  if (Object.hasOwn(SERVICES, name) && (known?.status ?? 200) === 200) {
    sendError(res, SERVICES[name as ServiceName].method, message);
    return;
  }
  res.writeHead(known?.status ?? 500, { 'Content-Type': 'application/json', ...known?.headers });
  res.end(errorText(message));
}
