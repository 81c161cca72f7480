import type { Request, Response } from 'express';

/** A JSON answer with headers of its own. */
export class JsonReply<T = unknown> {
  readonly value: T;
  readonly headers: Record<string, string | string[]>;

  constructor(value: T, headers: Record<string, string | string[]>) {
    this.value = value;
    this.headers = headers;
  }
}

/** A short answer that is not a plain JSON object: other statuses, other types, JSON text as it is stored. */
export class TextReply {
  readonly type: string | null;
  readonly body: string | Buffer;
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(
    type: string | null,
    body: string | Buffer,
    { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
  ) {
    this.type = type;
    this.body = body;
    this.status = status;
    this.headers = headers;
  }
}

/** Sends a browser elsewhere. */
export class RedirectReply {
  readonly location: string;
  readonly headers: Record<string, string | string[]>;

  constructor(location: string, headers: Record<string, string | string[]>) {
    this.location = location;
    this.headers = headers;
  }
}

export function sendRedirect(res: Response, { location, headers }: RedirectReply): void {
  res.writeHead(302, {
    Location: location,
    'Content-Length': 0,
    'Cache-Control': 'no-store',
    // The address that the browser comes from holds a code.
    'Referrer-Policy': 'no-referrer',
    ...headers,
  });
  res.end();
}

export function sendText(req: Request, res: Response, { type, body, status, headers }: TextReply): void {
  res.writeHead(status, {
    ...(type !== null && { 'Content-Type': type }),
    // An answer without content has no length either (RFC 9110, 8.6).
    ...(status !== 204 && { 'Content-Length': Buffer.byteLength(body) }),
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    ...headers,
  });
  res.end(req.method === 'HEAD' ? undefined : body);
}
