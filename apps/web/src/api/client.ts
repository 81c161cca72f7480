import type { Contract } from '@spiderhub/wire';

/** What a schema takes, and what comes out of it; the schemas themselves stay on the server. */
type Input<S> = S extends { _zod: { input: infer I } } ? I : never;
type Output<S> = S extends { _zod: { output: infer O } } ? O : never;

type IsEmpty<T> = keyof T extends never
  ? true
  : string extends keyof T
    ? [T[string & keyof T]] extends [never]
      ? true
      : false
    : false;
type Loose<T> = { [K in keyof T]: T[K] | string | number | boolean };

type Given<C extends Contract> = (IsEmpty<Input<C['params']>> extends true
  ? { params?: undefined }
  : { params: { [K in keyof Input<C['params']>]: string | number } }) &
  (IsEmpty<Input<C['query']>> extends true ? { query?: undefined } : { query?: Loose<Input<C['query']>> }) &
  (C['body'] extends null ? { body?: undefined } : { body: Input<C['body']> });

export type ReplyOf<C extends Contract> = Output<C['reply']>;

export interface CallOptions {
  signal?: AbortSignal | undefined;
  headers?: Record<string, string>;
}

/** Calls one operation. Throws an `ApiError` when the service refuses or cannot be reached. */
export type Operation<C extends Contract> = (given: Given<C>, options?: CallOptions) => Promise<ReplyOf<C>>;

/** Why a call came to nothing. `status` 0: no answer at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  /** The parameter that is wrong. */
  readonly field: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, error: { code: string; message: string; field?: string }, headers?: Headers) {
    super(error.message);
    this.name = 'ApiError';
    this.status = status;
    this.code = error.code;
    this.field = error.field;
    this.requestId = headers?.get('x-request-id') ?? undefined;
    const wait = Number(headers?.get('retry-after'));
    this.retryAfterSeconds = wait > 0 ? wait : undefined;
  }
}

/** Every operation that the page knows, for the test that compares them with the contracts. */
export const OPERATIONS: { id: string; method: string; path: string }[] = [];

const BASE = '/console';
let csrfToken: string | null = null;
let onGone: (() => void) | null = null;

/** What changes something needs this token of the session. */
export function rememberCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Told when the service does not know the session any more. */
export function whenSessionIsGone(tell: (() => void) | null): void {
  onGone = tell;
}

/** An operation of the service by its contract: `path` as it stands there. */
export function operation<C extends Contract>(id: string, method: C['method'], path: string): Operation<C> {
  OPERATIONS.push({ id, method, path });
  return async (given, options = {}) => {
    const { params = {}, query = {}, body } = given as Raw;
    const response = await send(`${BASE}${filled(path, params)}${queryText(query)}`, {
      method: method.toUpperCase(),
      headers: {
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...(method !== 'get' && csrfToken !== null && { 'X-CSRF-Token': csrfToken }),
        ...options.headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: options.signal ?? null,
    });
    return (await answerOf(response)) as ReplyOf<C>;
  };
}

interface Raw {
  params?: Record<string, string | number>;
  query?: Record<string, unknown>;
  body?: unknown;
}

/** Where a browser finds an operation itself: downloads and event streams. */
export function addressOf(
  path: string,
  params: Record<string, string | number>,
  query: Record<string, unknown> = {},
): string {
  return `${BASE}${filled(path, params)}${queryText(query)}`;
}

/** Sends a form with files. `onText` gets the answer's text as it grows; resolves to all of it. */
export async function uploadForm(
  path: string,
  params: Record<string, string | number>,
  form: FormData,
  onText: (text: string) => void,
): Promise<string> {
  const headers = csrfToken === null ? {} : { 'X-CSRF-Token': csrfToken };
  const response = await send(addressOf(path, params), { method: 'POST', headers, body: form });
  if (!response.ok || !response.body) {
    await answerOf(response);
    return '';
  }
  let text = '';
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += part.value;
    onText(text);
  }
  return text;
}

/** Whether anything answers at the page's address. */
export async function isServiceThere(): Promise<boolean> {
  return send('/', { method: 'HEAD', cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, credentials: 'same-origin' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, { code: 'unreachable', message: 'The service does not answer' });
  }
}

async function answerOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (response.ok) return text === '' ? {} : JSON.parse(text);
  if (response.status === 401) onGone?.();
  throw new ApiError(response.status, errorIn(text, response), response.headers);
}

function errorIn(text: string, { status }: Response): { code: string; message: string; field?: string } {
  try {
    const { error } = JSON.parse(text) as { error?: { code: string; message: string; field?: string } };
    if (error) return error;
  } catch {
    // An answer of something between us and the service.
  }
  return { code: 'error', message: `The service answered with status ${status}` };
}

function filled(path: string, params: Record<string, string | number>): string {
  return path.replaceAll(/:(\w+)/g, (_all, name: string) => encodeURIComponent(params[name] ?? ''));
}

function queryText(query: Record<string, unknown>): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === '') continue;
    for (const one of [value as string | number | boolean].flat()) pairs.append(name, String(one));
  }
  const text = pairs.toString();
  return text === '' ? '' : `?${text}`;
}
