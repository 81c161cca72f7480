import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';

declare global {
  namespace Express {
    interface Request {
      /** Names this request in answers and logs, and on the job that it schedules. */
      id: string;
    }
  }
}

const ACCEPTABLE = /^[\w.-]{1,64}$/;

/** Takes over the caller's X-Request-Id when it is harmless, makes one otherwise, and sends it back. */
export function requestId(req: Request, res: Response, next: NextFunction): void {
  const given = req.headers['x-request-id'];
  req.id = typeof given === 'string' && ACCEPTABLE.test(given) ? given : randomUUID();
  res.setHeader('X-Request-Id', req.id);
  next();
}
