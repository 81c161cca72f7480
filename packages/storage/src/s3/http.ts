import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { Agent as HttpsAgent, request as requestTls } from 'node:https';

/** Connections to one server at the same time: more calls wait for their turn. */
const MAX_SOCKETS = 64;

export interface HttpCall {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: Buffer | undefined;
}

export interface HttpReply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface HttpLimits {
  /** A connection on which nothing was heard for so long is given up, ms. */
  silenceMs: number;
  /** A call that takes longer as a whole is given up, ms. */
  longestMs: number;
  /** Larger answers are refused, bytes. */
  maxBytes?: number;
}

const agents = {
  'http:': new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
  'https:': new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
};

/**
 * One call whose whole answer is in memory. Rejects when the connection fails, says nothing, or ends before its answer
 * does. Answers stay small (ranges of objects), so that nobody who reads slowly holds a connection.
 */
export function call({ method, url, headers, body }: HttpCall, limits: HttpLimits): Promise<HttpReply> {
  const isTls = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const sending = (isTls ? requestTls : request)(url, {
      method,
      headers: { ...headers, ...(body && { 'content-length': String(body.length) }) },
      agent: isTls ? agents['https:'] : agents['http:'],
      timeout: limits.silenceMs,
      signal: AbortSignal.timeout(limits.longestMs),
    });
    sending.on('timeout', () => sending.destroy(timeout(`nothing was heard for ${limits.silenceMs} ms`)));
    sending.on('error', reject);
    sending.on('response', (answer) => {
      readWhole(answer, limits.maxBytes ?? Number.POSITIVE_INFINITY).then(
        (whole) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: whole }),
        reject,
      );
    });
    sending.end(body);
  });
}

async function readWhole(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  if (!answer.complete) throw Object.assign(new Error('the answer was cut'), { code: 'ECONNRESET' });
  return Buffer.concat(chunks, size);
}

function timeout(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' });
}
