import { isIP } from 'node:net';
import type { Request, RequestHandler } from 'express';
import { ForeignSite, HttpProblem } from './http-problem.ts';
import { queryOf } from './params.ts';

export interface BrowserGuardOptions {
  /** The address under which people reach the service, when it is not the one it listens on. */
  publicUrl?: string | undefined;
  /** Which requests of other sites pass nevertheless. */
  lets?: (req: Request) => boolean;
}

/**
 * Refuses what a browser sends on behalf of another site: it would bring cached Basic credentials along.
 * API clients send none of these headers.
 */
export function refuseForeignSites({ publicUrl, lets }: BrowserGuardOptions = {}): RequestHandler {
  const ours = publicUrl === undefined ? null : new URL(publicUrl).host;
  return (req, _res, next) => {
    const { origin } = req.headers;
    const isForeign =
      req.headers['sec-fetch-site'] === 'cross-site' || (origin !== undefined && !isOwn(origin, req, ours));
    if (isForeign && !lets?.(req)) throw new ForeignSite();
    next();
  };
}

/**
 * A read with a key that the page itself has: in the address, or in a header beside one that browsers send only after a
 * preflight. Ours allows no credentials, so that such a request never brings cached ones along.
 */
export function isReadWithKey(req: Request): boolean {
  if (req.method !== 'GET' && req.method !== 'HEAD') return false;
  const { authorization } = req.headers;
  if (authorization === undefined) return queryOf(req).apikey !== undefined;
  return req.headers['x-requested-with'] !== undefined;
}

/** Answers a browser that asks what a page of another site may send; any other OPTIONS goes on. */
export const answerPreflight: RequestHandler = (req, res, next) => {
  const { origin } = req.headers;
  if (req.method !== 'OPTIONS' || !origin || !req.headers['access-control-request-method']) return next();
  res.writeHead(204, {
    'Access-Control-Allow-Methods': 'GET, HEAD',
    'Access-Control-Allow-Headers': 'Authorization, X-Requested-With',
    'Access-Control-Max-Age': '600',
  });
  res.end();
};

function isOwn(origin: string, req: Request, ours: string | null): boolean {
  if (!URL.canParse(origin)) return false;
  const { host } = new URL(origin);
  return host !== '' && (host === req.headers.host || host === ours);
}

/** Nothing of ours is to be clicked on through a page that shows something else. */
export const neverInFrames: RequestHandler = (_req, res, next) => {
  res.setHeader('X-Frame-Options', 'DENY');
  next();
};

const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/**
 * For a server that listens on the loopback interface: refuses Host names that are not this machine's, so that a
 * web page whose name suddenly resolves to 127.0.0.1 cannot talk to it.
 */
export function refuseForeignHosts({ publicUrl }: BrowserGuardOptions = {}): RequestHandler {
  const allowed = new Set(LOOPBACK_HOSTS);
  if (publicUrl !== undefined) allowed.add(new URL(publicUrl).hostname);
  return (req, _res, next) => {
    const { host } = req.headers;
    if (host === undefined || allowed.has(host.replace(/:\d{1,5}$/, '').toLowerCase())) return next();
    throw new HttpProblem(421, 'This host name is not served here; set PUBLIC_URL to serve it');
  };
}

/** Whether a Host is an address, this machine's own name, or the one of PUBLIC_URL: no other site can have it. */
export function isOwnHost(host: string | undefined, publicUrl?: string): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase();
  const ours = publicUrl === undefined ? null : new URL(publicUrl).hostname;
  return LOOPBACK_HOSTS.includes(name) || name === ours || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

/** True for an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
