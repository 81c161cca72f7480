import http from 'node:http';
import type { Express } from 'express';

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

/**
 * A constructor whose instances are complete `Base` objects with `prototype` as their prototype.
 * Express gives each request and response its own prototypes with setPrototypeOf, which costs more than the rest of
 * a small request together; on objects that are born with them the same call does nothing.
 */
export function bornWith<B extends Constructor>(Base: B, prototype: object): B {
  function Born(this: object, first: unknown, second: unknown): void {
    // Called, not constructed: Reflect.construct would give each instance a hidden class of its own, and all code
    // that touches it would never be optimised. Node's HTTP classes are functions, so they can be called.
    (Base as unknown as (this: object, ...args: unknown[]) => void).call(this, first, second);
  }
  Born.prototype = prototype;
  return Born as unknown as B;
}

/** An HTTP server for an Express app. It does not listen yet. */
export function createHttpServer(app: Express, limits: ServerLimits = {}): http.Server {
  const { headersTimeoutMs = 20_000, requestTimeoutMs = 600_000, keepAliveTimeoutMs = 75_000 } = limits;
  return http.createServer(
    {
      IncomingMessage: bornWith(http.IncomingMessage, app.request),
      ServerResponse: bornWith(http.ServerResponse, app.response) as typeof http.ServerResponse,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      // Two different credentials must not pass as one: joined, they are no valid header any more.
      joinDuplicateHeaders: true,
    },
    app as unknown as http.RequestListener,
  );
}
