import type { Logger } from '@spiderhub/platform';
import type { RequestHandler } from 'express';

const MAX_PATH = 500;

/** One line for each answered or abandoned request. Queries are left out: they may hold a key. */
export function accessLog(log: Logger): RequestHandler {
  // Looking for secrets in every line costs more than the rest of a small request; these fields cannot hold one.
  const lines = log.child({}, { redact: [] });
  return (req, res, next) => {
    const startedAt = performance.now();
    const path = (req.originalUrl.split('?', 1)[0] ?? '').slice(0, MAX_PATH);
    res.once('close', () => {
      lines.info(
        {
          requestId: req.id,
          method: req.method,
          path,
          status: res.writableFinished ? res.statusCode : 'aborted',
          ms: Math.round((performance.now() - startedAt) * 10) / 10,
          who: req.user?.name,
        },
        'request',
      );
    });
    next();
  };
}
