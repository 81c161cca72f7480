import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Ways } from './open-connections.ts';
import { answerTo, Refused } from './route.ts';
import { tunnelThrough } from './upstream.ts';

/** Answers CONNECT by becoming the connection that was asked for. Throws Refused. */
export async function tunnel(
  message: IncomingMessage,
  { client, head }: { client: Duplex; head: Buffer },
  { viaProxy, routeTo, note }: Ways,
): Promise<void> {
  const { host, port } = targetOf(message.url ?? '');
  const proxy = await viaProxy('https', host, port);
  const server = proxy
    ? await tunnelThrough(proxy, `${host.includes(':') ? `[${host}]` : host}:${port}`)
    : connect({ ...(await routeTo(host, port)), allowHalfOpen: true });
  note(server, client);
  if (!proxy) await connected(server, host);
  client.write('HTTP/1.1 200 Connection established\r\n\r\n');
  server.write(head);
  // Each direction ends by itself; when one breaks, both do.
  server.on('error', () => client.destroy());
  client.on('close', () => server.destroySoon());
  server.on('close', () => (client as Socket).destroySoon());
  client.pipe(server);
  server.pipe(client);
}

/** The one host that everybody reads in HOST:PORT, in its usual form. Throws Refused. */
function targetOf(written: string): { host: string; port: number } {
  const [, name = '', port] = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(written) ?? [];
  const url = URL.canParse(`http://${name}`) ? new URL(`http://${name}`) : null;
  if (!url || url.href !== `http://${url.hostname}/` || Number(port) > 65_535)
    throw new Refused(400, 'CONNECT: expected HOST:PORT');
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

export function refuseTunnel(client: Duplex, error: unknown): void {
  const { status, text } = answerTo(error);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
  ];
  client.end(`${lines.join('\r\n')}\r\n\r\n${text}`);
}

function connected(server: Socket, host: string): Promise<void> {
  return new Promise((done, failed) => {
    server.once('connect', () => done());
    server.once('error', (error) => failed(new Refused(502, `${host}: ${error.message}`)));
    server.once('close', () => failed(new Refused(502, `${host}: the connection was closed`)));
  });
}
