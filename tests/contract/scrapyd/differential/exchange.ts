import { request } from 'node:http';

/** One request as it goes over the wire. */
export interface Ask {
  /** Says what is tried; also how a difference is referred to. */
  name: string;
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** `user:password`; null for none. The right ones by default. */
  login?: string | null;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface Peer {
  host: string;
  port: number;
  login: string;
}

/** What clients may look at. `date`, `server`, lengths and our own request ids are nobody's concern. */
const HEADERS = [
  'accept-ranges',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
  'allow',
  'content-encoding',
  'content-range',
  'content-type',
  'location',
  'www-authenticate',
];

export function ask(
  peer: Peer,
  { method, path, headers = {}, body, login = peer.login }: Ask,
): Promise<Answer> {
  const sent: Record<string, string> = { ...headers };
  if (login !== null) sent.Authorization ??= `Basic ${Buffer.from(login).toString('base64')}`;
  if (body !== undefined) sent['Content-Length'] = String(Buffer.byteLength(body));
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...peer, method, path, headers: sent, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () => {
        const found = HEADERS.flatMap((name) => {
          const value = incoming.headers[name];
          return value === undefined ? [] : [[name, String(value)]];
        });
        resolve({
          status: incoming.statusCode ?? 0,
          headers: Object.fromEntries(found),
          body: Buffer.concat(chunks).toString('latin1'),
        });
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** Puts the same words for what may differ between two servers and two moments. */
export function masked(text: string): string {
  return text
    .replace(/\b[0-9a-f]{32}\b/g, '<id>')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?(\.\d{6})?/g, '<time>')
    .replace(/"pid": \d+/g, '"pid": <pid>')
    .replace(/<td>\d+[BKMG]<\/td>/g, '<td><size></td>')
    .replace(/\b\d:\d\d:\d\d\b/g, '<runtime>');
}
