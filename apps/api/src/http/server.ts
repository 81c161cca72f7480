import http from 'node:http';
import type { Socket } from 'node:net';
import type { Express, Request, Response } from 'express';
import { closeLingering } from './lingering-close.ts';
import { answerUnreadable } from './unreadable.ts';

/** For a list of a few thousand jobs by their keys, which stand in the address. */
const MAX_HEADER_BYTES = 64 * 1024;

export interface ServerLimits {
  /** A client has this long to send its headers, ms. */
  headersTimeoutMs?: number;
  /** And this long for the whole request: an egg of 50 MiB over a slow line has to fit. */
  requestTimeoutMs?: number;
  /** An idle keep-alive connection is closed after this long, ms. */
  keepAliveTimeoutMs?: number;
}

// biome-ignore lint/suspicious/noExplicitAny: the arguments of any constructor, handed on as they are
type Constructor = new (...args: any[]) => object;
type Initialiser = (this: object, ...args: unknown[]) => void;

/*
 * Express changes the prototype of each request and response after it was made, and with passport adds some twenty
 * properties one by one. Objects that are born with the prototype and with room for the properties cost V8 less than
 * half: see ADR 13 for the measurement. V8 counts the assignments to `this` to find out how much room that is. A test
 * tells when an update of Express or passport adds something that is not listed here.
 */

/** A constructor whose instances are complete `Base` objects with `prototype` as their prototype. */
function bornWith<B extends Constructor>(Base: B, prototype: object, initialise: Initialiser): B {
  initialise.prototype = prototype;
  // The room that the base class asks for is added only along this chain.
  return Object.setPrototypeOf(initialise, Base) as unknown as B;
}

// Called, not constructed: Reflect.construct would give each instance a hidden class of its own. Node's HTTP classes
// are functions, so they can be called.
const initialiseRequest = http.IncomingMessage as unknown as Initialiser;
const initialiseResponse = http.ServerResponse as unknown as Initialiser;

/** What Express, passport and we add to a request. */
interface Additions {
  res: unknown;
  next: unknown;
  baseUrl: unknown;
  originalUrl: unknown;
  _parsedUrl: unknown;
  params: unknown;
  route: unknown;
  id: unknown;
  login: unknown;
  logIn: unknown;
  logout: unknown;
  logOut: unknown;
  isAuthenticated: unknown;
  isUnauthenticated: unknown;
  _sessionManager: unknown;
  user: unknown;
}

function requestClass(app: Express): typeof http.IncomingMessage {
  function Request(this: Additions, socket: unknown): void {
    initialiseRequest.call(this, socket);
    this.res = undefined;
    this.next = undefined;
    this.baseUrl = undefined;
    this.originalUrl = undefined;
    this._parsedUrl = undefined;
    this.params = undefined;
    this.route = undefined;
    this.id = undefined;
    this.login = undefined;
    this.logIn = undefined;
    this.logout = undefined;
    this.logOut = undefined;
    this.isAuthenticated = undefined;
    this.isUnauthenticated = undefined;
    this._sessionManager = undefined;
    this.user = undefined;
  }
  return bornWith(http.IncomingMessage, app.request, Request as Initialiser);
}

function responseClass(app: Express): typeof http.ServerResponse {
  function Response(this: { locals: unknown }, request: unknown, options: unknown): void {
    initialiseResponse.call(this, request, options);
    this.locals = undefined;
  }
  return bornWith(http.ServerResponse, app.response, Response as Initialiser);
}

/**
 * Node answers the requests of a connection in their order but begins with all of them at once. Who sends a second one
 * before the first is answered counts on what the first did (RFC 9112, 9.3.2), so it waits until its answer has the
 * connection. Meanwhile no more is read, because nothing else limits what could wait here.
 */
function oneAfterTheOther(app: Express): http.RequestListener {
  const waiting = new WeakMap<Socket, number>();
  return (req, res) => {
    const { socket } = req;
    closeLingering(req, res);
    const begin = () => app(req as Request, res as Response);
    if (res.socket) return begin();
    waiting.set(socket, (waiting.get(socket) ?? 0) + 1);
    socket.pause();
    res.once('socket', () => {
      const left = (waiting.get(socket) ?? 1) - 1;
      waiting.set(socket, left);
      // The rest of this request's body, or the next request.
      if (left === 0) socket.resume();
      begin();
    });
  };
}

/** An HTTP server for an Express app. It does not listen yet. */
export function createHttpServer(app: Express, limits: ServerLimits = {}): http.Server {
  const { headersTimeoutMs = 20_000, requestTimeoutMs = 600_000, keepAliveTimeoutMs = 75_000 } = limits;
  const server = http.createServer(
    {
      IncomingMessage: requestClass(app),
      ServerResponse: responseClass(app),
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Two different credentials must not pass as one: joined, they are no valid header any more.
      joinDuplicateHeaders: true,
    },
    oneAfterTheOther(app),
  );
  server.on('clientError', answerUnreadable);
  // Who says all and then only listens (`nc -N`, scripts with a bare socket) gets the answer: Node would do the work,
  // schedule the job, and hang up without a word.
  return Object.assign(server, { httpAllowHalfOpen: true });
}
