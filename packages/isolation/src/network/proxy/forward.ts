import { type IncomingMessage, type RequestOptions, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Ways } from './open-connections.ts';
import { answerTo, Refused } from './route.ts';
import { credentialsFor, placeOf } from './upstream.ts';

/** What is said between a client and its proxy, and no further. */
const OF_HOPS = /^(proxy-connection|proxy-authorization|connection|keep-alive|te|upgrade)$/i;
/** Servers out there send more than careful ones would. */
const MAX_HEADER_BYTES = 256 * 1024;

/** Answers a plain request for `http://HOST/…` with what the host answers. Throws Refused. */
export async function forward(message: IncomingMessage, response: ServerResponse, ways: Ways): Promise<void> {
  const [, authority = '', path = ''] = /^http:\/\/([^/?#]+)([^#]*)/i.exec(message.url ?? '') ?? [];
  if (!URL.canParse(`http://${authority}`))
    throw new Refused(400, 'expected a request for http://HOST/..., or CONNECT');
  const { hostname, host, port } = new URL(`http://${authority}`);
  const target = {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 80),
    // Not as it was written: another proxy might read another host in it than the one that is checked here.
    authority: host,
    path: path.startsWith('/') ? path : `/${path}`,
  };
  const answer = await ask(message, await onwardTo(target, ways), ways.note);
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, withoutHops(answer.rawHeaders));
  await pipeline(answer, response);
}

export function refuseRequest(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const { status, text } = answerTo(error);
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end(text);
}

interface Onward extends RequestOptions {
  /** Headers for who is asked next, beside those of the client. */
  more: string[];
}

/** Whom to ask, and how: the host itself, or the proxy that leads to it. */
async function onwardTo(
  { host, port, authority, path }: { host: string; port: number; authority: string; path: string },
  { viaProxy, routeTo }: Ways,
): Promise<Onward> {
  const proxy = await viaProxy('http', host, port);
  if (!proxy) return { ...(await routeTo(host, port)), path, more: [] };
  return { ...placeOf(proxy), path: `http://${authority}${path}`, more: credentialsFor(proxy) };
}

function ask(
  message: IncomingMessage,
  { more, ...whom }: Onward,
  note: Ways['note'],
): Promise<IncomingMessage> {
  return new Promise((done, failed) => {
    const onward = request({
      ...whom,
      agent: false,
      method: message.method,
      headers: [...withoutHops(message.rawHeaders), ...more, 'Connection', 'close'],
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
