import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { Refused } from './route.ts';

/** Where a proxy of the operator's answers. Only for those that are spoken to without TLS. */
export function placeOf({ protocol, hostname, port }: URL): { host: string; port: number } {
  if (protocol !== 'http:') throw new Refused(502, `a proxy of the kind ${protocol} cannot be asked`);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || 80) };
}

/** Name and value of the header that a proxy wants, none for one that lets everybody in. */
export function credentialsFor({ username, password }: URL): string[] {
  if (username === '') return [];
  const plain = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return ['Proxy-Authorization', `Basic ${Buffer.from(plain).toString('base64')}`];
}

/** A connection to HOST:PORT through a proxy of the operator's. Throws Refused. */
export function tunnelThrough(proxy: URL, target: string): Promise<Socket> {
  const headers = ['Host', target, ...credentialsFor(proxy)];
  const ask = { method: 'CONNECT', path: target, headers, agent: false as const };
  const request: ClientRequest =
    proxy.protocol === 'https:'
      ? httpsRequest({ ...ask, host: proxy.hostname, port: proxy.port || 443 })
      : httpRequest({ ...ask, ...placeOf(proxy) });
  return new Promise((done, failed) => {
    request.once('connect', ({ statusCode }: IncomingMessage, socket: Socket, head: Buffer) => {
      if (statusCode === 200) {
        if (head.length > 0) socket.unshift(head);
        return done(socket);
      }
      socket.destroy();
      failed(new Refused(502, `the proxy answered with ${statusCode}`));
    });
    request.once('error', (error) => failed(new Refused(502, `the proxy: ${error.message}`)));
    request.end();
  });
}
