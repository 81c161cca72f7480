import { hostname } from 'node:os';
import type { Request, Response } from 'express';
import { escapeHtml } from '../pages/html.ts';
import { pythonJson } from './python-text.ts';

/** The services' names and methods, and the class that Scrapyd answers a HEAD of a POST service with. */
export const SERVICES = {
  'addversion.json': {
    method: 'POST',
    className: 'AddVersion',
  },
  'cancel.json': { method: 'POST', className: 'Cancel' },
  'daemonstatus.json': {
    method: 'GET',
    className: 'DaemonStatus',
  },
  'delproject.json': {
    method: 'POST',
    className: 'DeleteProject',
  },
  'delversion.json': { method: 'POST', className: 'DeleteVersion' },
  'listjobs.json': { method: 'GET', className: 'ListJobs' },
  'listprojects.json': { method: 'GET', className: 'ListProjects' },
  'listspiders.json': { method: 'GET', className: 'ListSpiders' },
  'listversions.json': { method: 'GET', className: 'ListVersions' },
  'schedule.json': { method: 'POST', className: 'Schedule' },
  'status.json': { method: 'GET', className: 'Status' },
} as const;

export type ServiceName = keyof typeof SERVICES;
export type ServiceMethod = 'GET' | 'POST';

/** Shown as `node_name` in every answer. */
export const NODE_NAME = hostname();
const NODE_FIELD = `"node_name": ${pythonJson(NODE_NAME)}}\n`;
/** Ends a JSON text that has fields already. */
export const OK_END = `, "status": "ok", ${NODE_FIELD}`;
const OK_ALONE = `{"status": "ok", ${NODE_FIELD}`;

export function methodsOf(method: ServiceMethod): string {
  return `OPTIONS, HEAD, ${method}`;
}

/** Browsers of other sites are refused before this; the headers are Scrapyd's, and harmless then. */
export function serviceHeaders(method: ServiceMethod): Record<string, string> {
  return {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': methodsOf(method),
    'Access-Control-Allow-Headers': 'X-Requested-With',
  };
}

export function sendText(res: Response, method: ServiceMethod, text: string): void {
  res.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...serviceHeaders(method),
  });
  res.end(text);
}

/** `fields` is the inside of a JSON object as text, empty for none. */
export function sendOk(res: Response, method: ServiceMethod, fields: string): void {
  sendText(res, method, fields === '' ? OK_ALONE : `{${fields}${OK_END}`);
}

export function errorText(message: string): string {
  return `{"status": "error", "message": ${pythonJson(message)}, ${NODE_FIELD}`;
}

export function sendError(res: Response, method: ServiceMethod, message: string): void {
  sendText(res, method, errorText(message));
}

/** OPTIONS: what may be asked here. */
export function sendMethods(res: Response, method: ServiceMethod): void {
  res.writeHead(204, { ...serviceHeaders(method), Allow: methodsOf(method), 'Content-Length': 0 });
  res.end();
}

export function sendHtml(
  req: Request,
  res: Response,
  status: number,
  html: string,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': Buffer.byteLength(html),
    ...pageHeaders(),
    ...headers,
  });
  res.end(req.method === 'HEAD' ? undefined : html);
}

/** Pages show what spiders and callers named: no script runs in them, whatever they contain. */
export function pageHeaders(): Record<string, string> {
  return {
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy':
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'Cache-Control': 'no-store',
  };
}

/** The bytes of Twisted's error pages. */
export function errorPage(status: number, title: string, detail: string): string {
  return `\n<html>\n  <head><title>${status} - ${title}</title></head>\n  <body>\n    <h1>${title}</h1>\n    <p>${detail}</p>\n  </body>\n</html>\n`;
}

export function sendNoResource(req: Request, res: Response): void {
  sendHtml(req, res, 404, errorPage(404, 'No Such Resource', 'Sorry. No luck finding that resource.'));
}

export function sendNoFile(req: Request, res: Response): void {
  sendHtml(req, res, 404, errorPage(404, 'No Such Resource', 'File not found.'));
}

/** True for methods that every page answers. */
export function isRead({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** The words of pages and files for methods that they do not know, as Twisted has them. */
export function sendUnknownMethod(req: Request, res: Response): void {
  if (req.method === 'POST') {
    const where = `Your browser approached me (at ${escapeHtml(req.url)}) with the method "POST".`;
    const detail = `${where}  I only allow the methods HEAD, GET here.`;
    sendHtml(req, res, 405, errorPage(405, 'Method Not Allowed', detail), { Allow: 'HEAD, GET' });
    return;
  }
  sendHtml(req, res, 501, errorPage(501, 'Huh?', `I don't know how to treat a ${req.method} request.`));
}

/** Scrapyd's answer to whoever shows no credentials or wrong ones. */
export function sendUnauthorized(res: Response): void {
  res.writeHead(401, {
    'WWW-Authenticate': 'basic realm="Scrapyd"',
    'Content-Type': 'text/html',
    'Content-Length': 12,
  });
  res.end('Unauthorized');
}
