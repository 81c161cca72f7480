import type { IncomingHttpHeaders } from 'node:http';
import { type Access, type Action, Caller, DomainError, type ErrorKind, type Rates } from '@spiderhub/core';
import type { ErrorRequestHandler, Request, RequestHandler, Response, Router } from 'express';
import type { z } from 'zod';
import { callerNow, callerOf, visitorOf } from './auth.ts';
import type { Downloads } from './downloads.ts';
import { type ErrorDialect, type ErrorNotes, HttpProblem, renderErrors } from './errors.ts';
import { parseFields } from './fields.ts';
import { announceForm, formOf } from './form.ts';
import type { Incoming } from './incoming.ts';
import { type LiveOptions, LiveReply, startLive } from './live.ts';
import { originOf } from './origin.ts';
import { type Params, queryOf } from './params.ts';
import { JsonReply, RedirectReply, sendRedirect, sendText, TextReply } from './reply.ts';
import { guestOf, type Rooms } from './rooms.ts';
import { StreamReply, sendStream } from './stream.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** One endpoint as data: what the router, the table of rights and the tests need to know of it. */
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
  /**
   * What the caller has to be allowed to do; the handler asks `caller.may` once it knows the project.
   * `any key`: every valid key will do, since nothing of anybody is touched. `open`: not even that, nobody calls.
   */
  action: Action | 'any key' | 'open';
  /** Asked for besides, in some cases. */
  alsoAsks?: readonly Action[];
  /** Parameters of the path. */
  params?: P;
  query?: Q;
  /** Fields of a form or a flat JSON object, and of the query. */
  body?: B;
  /** Media types of a body that the handler reads itself; without them and without `body` there is none to read. */
  takes?: readonly string[];
  /** The JSON answer, when it is made of values. */
  reply?: R;
  /** Media types of an answer that is a stream or a text. */
  sends?: readonly string[];
  /** Sends browsers elsewhere, and answers nothing else. */
  redirects?: true;
  /** Where this operation's statuses differ from its dialect's. */
  statusOf?: Partial<Record<ErrorKind, number>>;
}

/** What a handler gets: checked input, and who asks. Nothing of Express, so that tests need no HTTP. */
export interface Call<P = unknown, Q = unknown, B = unknown> {
  params: P;
  /** Checked when it is looked at: who asks for leave first gives no hint about a foreign project before. */
  readonly query: Q;
  body: B;
  /** What `body` was made of, as it came. */
  fields: Params;
  /** Must be asked before anything of a project is touched. */
  caller: Caller;
  requestId: string;
  /** From where the request came, as far as our proxies are believed. */
  address: string;
  headers: IncomingHttpHeaders;
  /** The body of an operation that reads it itself: one that `takes` something. */
  readonly incoming: Incoming;
  /** The address under which the caller reached us, without a slash at its end. */
  origin(): string;
  /** Whether the caller has hung up. */
  isGone(): boolean;
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
    ) => Promise<z.input<R> | JsonReply<z.input<R>> | RedirectReply | StreamReply | TextReply | LiveReply>,
  ): Operation => ({ spec: spec as OperationSpec, handle });
}

export interface MountOptions {
  access: Access;
  /** Where requests are counted; null where nobody counts. */
  rates: Rates | null;
  downloads: Downloads;
  /** For answers that go on. */
  rooms: Rooms;
  /** Run before each operation that is not open: authentication and guards. */
  before: readonly RequestHandler[];
  /** Checks each JSON answer against its schema: for tests and development. */
  checkReplies: boolean;
  errors: ErrorDialect;
  notes: ErrorNotes;
  /** Reads a body into the fields that `spec.body` checks; forms and flat JSON together with the query by default. */
  readFields?: (req: Request) => Promise<Params>;
}

/** Adds operations to a router. Other methods on their paths are answered 405. */
export function mount(router: Router, operations: readonly Operation[], options: MountOptions): void {
  const methods = new Map<string, Method[]>();
  for (const one of operations) {
    const { method, path, action } = one.spec;
    const before = action === 'open' ? [] : options.before;
    const form = one.spec.body && !options.readFields ? [announceForm] : [];
    router[method](path, ...form, ...before, runner(one, options), ...ownErrors(one, options));
    methods.set(path, [...(methods.get(path) ?? []), method]);
  }
  for (const [path, allowed] of methods) router.all(path, methodNotAllowed(allowed));
}

function ownErrors({ spec }: Operation, { errors, notes }: MountOptions): ErrorRequestHandler[] {
  if (!spec.statusOf) return [];
  return [renderErrors({ ...errors, statusOf: { ...errors.statusOf, ...spec.statusOf } }, notes)];
}

function runner({ spec, handle }: Operation, options: MountOptions): RequestHandler {
  const { checkReplies, downloads } = options;
  return async (req, res) => {
    const call = await toCall(spec, req, options);
    const reply = await handle(call as Call<unknown, unknown, unknown> as Call<never, never, never>);
    if (call.caller?.hasAsked === false)
      throw new Error(`${spec.method} ${spec.path} asked nobody for leave`);
    if (checkReplies) checkReply(spec, reply);
    if (reply instanceof RedirectReply) return sendRedirect(res, reply);
    if (reply instanceof StreamReply) {
      // What is said while something is done is no download.
      if (!reply.options.eager) await downloads.enter(req, res);
      return sendStream(req, res, reply);
    }
    if (reply instanceof LiveReply)
      return startLive(
        req,
        res,
        reply,
        await liveOptions(req, call as { caller: Caller; requestId: string }, options),
      );
    if (reply instanceof TextReply) return sendText(req, res, reply);
    if (reply instanceof JsonReply) return sendJson(res, 200, reply.value, reply.headers);
    sendJson(res, 200, reply);
  };
}

/**
 * What was asked of the door at the beginning is asked again for as long as the answer goes on. Of the call only that is kept.
 */
async function liveOptions(
  req: Request,
  { caller, requestId }: { caller: Caller; requestId: string },
  { rooms, access, notes }: MountOptions,
): Promise<LiveOptions> {
  const { asked } = caller;
  const guest = await guestOf(caller);
  return {
    enter: (end) => rooms.enter(guest, end),
    async isAllowed() {
      const who = await callerNow(req);
      return who !== null && asked.every(([target, action]) => access.mayStill(who, action, target));
    },
    onError(error) {
      const level = error instanceof DomainError ? 'warn' : 'error';
      notes.log[level]({ err: error, requestId }, 'a live stream failed');
    },
  };
}

/** Throws when an operation answers with something else than it says. */
function checkReply({ method, path, reply, sends = [], redirects }: OperationSpec, answer: unknown): void {
  if (answer instanceof RedirectReply !== (redirects === true))
    throw new Error(`${method} ${path} does not say whether it redirects`);
  if (redirects) return;
  if (!(answer instanceof StreamReply || answer instanceof TextReply || answer instanceof LiveReply)) {
    if (!reply) throw new Error(`${method} ${path} does not say what it answers`);
    reply.parse(answer instanceof JsonReply ? answer.value : answer);
  } else if (answer.type !== null && !sends.map(bareType).includes(bareType(answer.type))) {
    throw new Error(`${method} ${path} does not say that it sends ${answer.type}`);
  }
}

/** Without its parameters, such as the charset. */
function bareType(type: string): string {
  return type.split(';', 1)[0] ?? '';
}

async function toCall(
  spec: OperationSpec,
  req: Request,
  { access, rates, readFields = fieldsOf }: MountOptions,
) {
  const fields = spec.body ? await readFields(req) : {};
  return {
    params: spec.params && parseFields(spec.params, req.params),
    get query() {
      return spec.query && parseFields(spec.query, queryOf(req));
    },
    body: spec.body && parseFields(spec.body, fields),
    fields,
    caller: callerFor(spec, req, access, rates),
    requestId: req.id,
    address: req.ip ?? '',
    headers: req.headers,
    get incoming() {
      if (!spec.takes) throw new Error(`${spec.method} ${spec.path} takes no body`);
      return req;
    },
    origin: () => originOf(req),
    isGone: () => req.socket.destroyed,
  };
}

/** Parameters count wherever they stand, as in the original; one that stands in both is the form's. */
async function fieldsOf(req: Request): Promise<Params> {
  return Object.assign(queryOf(req), await formOf(req));
}

/** Nobody where nobody is asked for: such a handler has nothing to do with a project. */
function callerFor(
  spec: OperationSpec,
  req: Request,
  access: Access,
  rates: Rates | null,
): Caller | undefined {
  if (spec.action === 'open' || spec.action === 'any key') return undefined;
  return new Caller(access, callerOf(req), spec.action as Action, visitorOf(req), rates);
}

export function sendJson(
  res: Response,
  status: number,
  value: unknown,
  headers: Record<string, string | string[]> = {},
): void {
  const body = JSON.stringify(value);
  res.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    ...headers,
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
