import type { Request } from 'express';

/** The address under which the caller reached us, without a slash at its end: what we point to is asked for there. */
export function originOf(req: Request): string {
  return `${req.protocol}://${req.headers.host ?? 'localhost'}`;
}
