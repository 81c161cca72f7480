import { join } from 'node:path';
import { CHECKOUT } from '@spiderhub/platform';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { type Asset, builtPage } from './assets.ts';

/**
 * First segments of the addresses that people see; `''` is the root. None of them is one of a dialect's: links such as
 * `/p/123/1/7` are printed by clients.
 */
export const PAGE_SEGMENTS: readonly string[] = [
  '',
  'p',
  'o',
  'sign-in',
  'invitation',
  'password',
  'forgotten',
  'email',
  'account',
  'server',
];

/** The page runs nothing and shows nothing that is not ours, and talks to nobody else. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Opener-Policy': 'same-origin',
};
const FOR_EVER = 'public, max-age=31536000, immutable';

const NOT_BUILT = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="refresh" content="2">
    <title>Spiderhub</title>
  </head>
  <body>
    <h1>This page is being built</h1>
    <p>The APIs work already. The page appears by itself as soon as it is there.</p>
  </body>
</html>
`;

/** Serves the page that people see, to browsers alone: a program that asks for `/` gets what it always got. */
export function webPage(folder = join(CHECKOUT, 'apps/web/dist')): RequestHandler {
  const page = builtPage(folder);
  const own = new Set(PAGE_SEGMENTS);
  const router = Router({ caseSensitive: true });
  router.get('/assets/:name', (req, res, next) => {
    const found = page()?.assets.get(req.params.name);
    if (!found) return next();
    send(req, res, found, FOR_EVER);
  });
  router.get('/{*rest}', (req, res, next) => {
    if (!own.has(req.path.split('/', 2)[1] ?? '') || !wantsHtml(req)) return next();
    const shell = page()?.shell;
    if (shell) send(req, res, shell, 'no-cache');
    else sendNotBuilt(res);
  });
  return router;
}

function wantsHtml({ headers }: Request): boolean {
  return (headers.accept ?? '').toLowerCase().includes('text/html');
}

function send(req: Request, res: Response, { type, body, gzip, tag }: Asset, caching: string): void {
  const headers = { ...HEADERS, 'Cache-Control': caching, ETag: tag, Vary: 'Accept-Encoding' };
  if (req.headers['if-none-match'] === tag) return void res.writeHead(304, headers).end();
  const packed = gzip !== null && req.acceptsEncodings('gzip') === 'gzip' ? gzip : null;
  const content = packed ?? body;
  res.writeHead(200, {
    ...headers,
    'Content-Type': type,
    'Content-Length': content.length,
    ...(packed && { 'Content-Encoding': 'gzip' }),
  });
  res.end(req.method === 'HEAD' ? undefined : content);
}

function sendNotBuilt(res: Response): void {
  res.writeHead(503, {
    ...HEADERS,
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': Buffer.byteLength(NOT_BUILT),
    'Cache-Control': 'no-store',
    'Retry-After': '2',
  });
  res.end(NOT_BUILT);
}
