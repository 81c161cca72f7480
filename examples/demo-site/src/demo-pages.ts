import type { RequestHandler } from 'express';
import { renderDemoPage } from './demo-site.ts';

/** The small shop that the demo spiders crawl. Needs no key, holds no data. */
export const demoPages: RequestHandler = (req, res, next) => {
  const page = req.method === 'GET' || req.method === 'HEAD' ? renderDemoPage(req.originalUrl) : null;
  if (page === null) return next();
  res.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': Buffer.byteLength(page),
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy':
      "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  });
  res.end(page);
};
