import { accessErrors, DomainError, type ErrorKind, type Refusals, serviceErrors } from '@spiderhub/core';
import { isDiskBroken, isDiskFull, type Logger } from '@spiderhub/platform';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { HttpProblem } from './http-problem.ts';
import { noteRefused } from './refused.ts';

export { HttpProblem } from './http-problem.ts';

/** How one dialect words its errors. */
export interface ErrorDialect {
  statusOf: Record<ErrorKind, number>;
  /** Becomes the JSON body. */
  body(message: string): unknown;
  /** Where the body is not JSON on one line: the whole answer. Null type: none is named. */
  format?(problem: HttpProblem, path: string): { type: string | null; body: string };
}

export const DEFAULT_STATUS: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  exhausted: 429,
  unavailable: 503,
};

const RETRY_SECONDS = 5;

/** Where is written down what went wrong, and who was refused. */
export interface ErrorNotes {
  log: Logger;
  refusals?: Pick<Refusals, 'note'> | undefined;
}

/** The last handler of a dialect's router: one error, one answer, and nothing of our inside in it. */
export function renderErrors(dialect: ErrorDialect, notes: ErrorNotes): ErrorRequestHandler {
  return answerErrors(notes, (error) => {
    const problem = toProblem(error, dialect);
    return { status: problem.status, send: (req, res) => sendProblem(problem, dialect, req, res) };
  });
}

/** A disk that takes nothing is no bug: callers may try again. */
export function inWords(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  if (isDiskFull(error)) return serviceErrors.diskFull(error);
  return isDiskBroken(error) ? serviceErrors.unavailable('the disk', error) : error;
}

interface ErrorAnswer {
  /** How bad it is, for the log: 500 is a bug of ours, 503 something that we need and cannot reach. */
  status: number;
  send(req: Request, res: Response): void;
}

/** What is the same for every error, however a dialect words its answers. */
export function answerErrors(
  { log, refusals }: ErrorNotes,
  answerTo: (error: unknown) => ErrorAnswer,
): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (raised: unknown, req, res, _next) => {
    const error = inWords(raised);
    if (isHangUp(error) || req.socket.destroyed) return void res.destroy();
    const answer = answerTo(error);
    report(error, answer.status, req, log);
    if (refusals) noteRefused(refusals, req, error);
    // Too late for an answer: cutting the connection is the only way to tell that this one is not complete.
    if (res.headersSent) return void res.destroy();
    answer.send(req, res);
    // What the client still sends is read and forgotten: unread, it would block the connection for its next request.
    req.unpipe();
    req.resume();
  };
}

function sendProblem(problem: HttpProblem, dialect: ErrorDialect, req: Request, res: Response): void {
  const { type, body } = dialect.format?.(problem, req.path) ?? {
    type: 'application/json',
    body: JSON.stringify(dialect.body(problem.message)),
  };
  res.writeHead(problem.status, {
    ...(type !== null && { 'Content-Type': type }),
    'Content-Length': Buffer.byteLength(body),
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    ...problem.headers,
  });
  res.end(body);
}

/** The status, words and headers of an error in a dialect. */
export function toProblem(error: unknown, dialect: ErrorDialect): HttpProblem {
  if (error instanceof HttpProblem) return error;
  const known = toDomainError(error);
  if (!known) return new HttpProblem(500, 'internal error');
  return new HttpProblem(dialect.statusOf[known.kind], known.message, headersOf(known), known);
}

function headersOf({ kind, details }: DomainError): Record<string, string> {
  if (kind !== 'unavailable' && kind !== 'exhausted') return {};
  const { retryAfterSeconds: seconds } = details;
  return { 'Retry-After': `${typeof seconds === 'number' ? seconds : RETRY_SECONDS}` };
}

/** Errors of passport and of Express's router in the core's words; null for a bug. */
function toDomainError(error: unknown): DomainError | null {
  if (error instanceof DomainError) return error;
  if (!(error instanceof Error) || !('status' in error)) return null;
  if (error.name === 'AuthenticationError') return accessErrors.unauthenticated();
  if (error instanceof URIError) return new DomainError('invalid', 'bad_path', 'the path is not valid');
  return null;
}

/** The caller went away: nobody is left to answer, and nothing is wrong here. */
export function isHangUp(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNABORTED';
}

function report(error: unknown, status: number, req: Request, log: Logger): void {
  const where = { requestId: req.id, method: req.method, path: req.path };
  if (status === 500) log.error({ ...where, err: error }, 'request failed');
  else if (status === 503) log.warn({ ...where, err: error, cause: causeOf(error) }, 'service not available');
}

function causeOf(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? cause.message : undefined;
}
