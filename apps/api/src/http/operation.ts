import type { ErrorKind, Principal } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import type { ErrorRequestHandler, Request, RequestHandler, Response, Router } from 'express';
import type { z } from 'zod';
import { callerOf } from './auth.ts';
import { readParams } from './body-params.ts';
import { type ErrorDialect, HttpProblem, renderErrors } from './errors.ts';
import { parseFields } from './fields.ts';
import { type Params, queryOf } from './params.ts';
import { sendText, TextReply } from './reply.ts';
import { StreamReply, sendStream } from './stream.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** One endpoint as data: what OpenAPI, the router and the tests need to know of it. */
export interface OperationSpec<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
> {
  method: Method;
  /** As Express writes paths. */
  path: string;
  summary: string;
  /** Parameters of the path. */
  params?: P;
  query?: Q;
  /** Fields of a form or a flat JSON object. Without it the handler reads the body itself, if there is one. */
  body?: B;
  /** The JSON answer; absent for answers that are streams. */
  reply?: R;
  /** Where this operation's statuses differ from its dialect's. */
  statusOf?: Partial<Record<ErrorKind, number>>;
  /** Needs no key: `who` is then nobody, and the handler must not ask. */
  open?: true;
}

/** What a handler gets: checked input, and who asks. */
export interface Call<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  /** What `body` was made of, as it came. */
  fields: Params;
  who: Principal;
  requestId: string;
  req: Request;
}

export interface Operation {
  spec: OperationSpec;
  handle: (call: Call<never, never, never>) => Promise<unknown>;
}

/** In two calls, so that the schemas fix the types before the handler is checked. */
export function operation<
  P extends z.ZodType = z.ZodUnknown,
  Q extends z.ZodType = z.ZodUnknown,
  B extends z.ZodType = z.ZodUnknown,
  R extends z.ZodType = z.ZodUnknown,
>(spec: OperationSpec<P, Q, B, R>) {
  return (
    handle: (
      call: Call<z.output<P>, z.output<Q>, z.output<B>>,
    ) => Promise<z.input<R> | StreamReply | TextReply>,
  ): Operation => ({ spec: spec as OperationSpec, handle });
}

export interface MountOptions {
  /** Run before each operation: authentication and guards. */
  before: readonly RequestHandler[];
  /** Checks each JSON answer against its schema: for tests and development. */
  checkReplies: boolean;
  errors: ErrorDialect;
  log: Logger;
}

/** Adds operations to a router. Other methods on their paths are answered 405. */
export function mount(router: Router, operations: readonly Operation[], options: MountOptions): void {
  const methods = new Map<string, Method[]>();
  for (const one of operations) {
    const { method, path } = one.spec;
    const before = one.spec.open ? [] : options.before;
    router[method](path, ...before, runner(one, options.checkReplies), ...ownErrors(one, options));
    methods.set(path, [...(methods.get(path) ?? []), method]);
  }
  for (const [path, allowed] of methods) router.all(path, methodNotAllowed(allowed));
}

function ownErrors({ spec }: Operation, { errors, log }: MountOptions): ErrorRequestHandler[] {
  if (!spec.statusOf) return [];
  return [renderErrors({ ...errors, statusOf: { ...errors.statusOf, ...spec.statusOf } }, log)];
}

function runner({ spec, handle }: Operation, checkReplies: boolean): RequestHandler {
  return async (req, res) => {
    const fields = spec.body ? await readParams(req) : {};
    const call = {
      params: spec.params && parseFields(spec.params, req.params),
      query: spec.query && parseFields(spec.query, queryOf(req)),
      body: spec.body && parseFields(spec.body, fields),
      fields,
      who: spec.open ? undefined : callerOf(req),
      requestId: req.id,
      req,
    };
    const reply = await handle(call as Call<never, never, never>);
    if (reply instanceof StreamReply) return sendStream(req, res, reply);
    if (reply instanceof TextReply) return sendText(req, res, reply);
    if (checkReplies) spec.reply?.parse(reply);
    sendJson(res, 200, reply);
  };
}

export function sendJson(res: Response, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  res.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
  res.end(body);
}

function methodNotAllowed(allowed: readonly Method[]): RequestHandler {
  const names = allowed.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  const list = names.join(', ');
  return () => {
    throw new HttpProblem(405, `Method not allowed, use ${list}`, { Allow: list });
  };
}
