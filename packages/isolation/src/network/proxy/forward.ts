import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Ways } from './open-connections.ts';
import { answerTo, Refused, type Route } from './route.ts';

/** What is said between a client and its proxy, and no further. */
const OF_HOPS = /^(proxy-connection|proxy-authorization|connection|keep-alive|te|upgrade)$/i;
/** Servers out there send more than careful ones would. */
const MAX_HEADER_BYTES = 256 * 1024;

/** Answers a plain request for `http://HOST/…` with what the host answers. Throws Refused. */
export async function forward(
  message: IncomingMessage,
  response: ServerResponse,
  { routeTo, note }: Ways,
): Promise<void> {
  const [, authority = '', path = ''] = /^http:\/\/([^/?#]+)([^#]*)/i.exec(message.url ?? '') ?? [];
  if (!URL.canParse(`http://${authority}`))
    throw new Refused(400, 'expected a request for http://HOST/..., or CONNECT');
  const { hostname, port } = new URL(`http://${authority}`);
  const route = await routeTo(hostname.replace(/^\[(.*)\]$/, '$1'), Number(port || 80));
  const answer = await ask(message, { route, path: path.startsWith('/') ? path : `/${path}`, note });
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, withoutHops(answer.rawHeaders));
  await pipeline(answer, response);
}

export function refuseRequest(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const { status, text } = answerTo(error);
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end(text);
}

interface Ask {
  route: Route;
  path: string;
  note: Ways['note'];
}

function ask(message: IncomingMessage, { route, path, note }: Ask): Promise<IncomingMessage> {
  return new Promise((done, failed) => {
    const onward = request({
      ...route,
      agent: false,
      method: message.method,
      path,
      headers: [...withoutHops(message.rawHeaders), 'Connection', 'close'],
      insecureHTTPParser: true,
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    onward.once('socket', (socket) => note(socket));
    onward.once('response', done);
    onward.once('error', (error) => failed(new Refused(502, error.message)));
    // What goes wrong with it shows in the answer, or in its absence.
    pipeline(message, onward).catch(() => onward.destroy());
  });
}

/** Names and values in turn, as they came. */
function withoutHops(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const [name = '', value = ''] = headers.slice(i, i + 2);
    if (!OF_HOPS.test(name)) kept.push(name, value);
  }
  return kept;
}
