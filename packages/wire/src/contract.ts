import type { z } from 'zod';

export type ErrorStatus = 400 | 401 | 403 | 404 | 409 | 410 | 413 | 415 | 429 | 503;

/** One operation of our own API, as data: all that a client, its documentation and a test need to know of it. */
export interface Contract<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType | null = z.ZodType | null,
  R extends z.ZodType = z.ZodType,
> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below `/console`, as Express writes paths. */
  path: string;
  summary: string;
  /** Names it in generated clients. */
  id: string;
  params: P;
  query: Q;
  /** Null: none is read. */
  body: B;
  reply: R;
  /** Media type of an answer that is no JSON. */
  media?: string;
  /** Statuses that it answers with an error. */
  errors: readonly ErrorStatus[];
  /** Media types of a body that is a file, and not JSON; `body` is null then. */
  takes?: readonly string[];
  /** Media types of an answer that is a file or a stream of text, and not JSON; `reply` is that text then. */
  sends?: readonly string[];
  /** Needs no credentials. */
  isOpen?: true;
  /** Is for browsers alone, which it sends elsewhere (302): there is no other answer but errors. */
  redirects?: true;
}

/** Keeps the types of the schemas. */
export function contract<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType | null,
  R extends z.ZodType,
>(spec: Contract<P, Q, B, R>): Contract<P, Q, B, R> {
  return spec;
}
