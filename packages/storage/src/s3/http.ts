import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { Agent as HttpsAgent, request as requestTls } from 'node:https';
import { readInSlabs } from './slabs.ts';

/** Connections to one server at the same time: more calls wait for their turn. */
const MAX_SOCKETS = 64;

export interface HttpCall {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: Buffer | undefined;
  /** Gets a part of an object (206) piece by piece, each with its place in the answer, whose body is empty then. */
  take?: ((chunk: Buffer, at: number) => void) | undefined;
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
  'http:': readInSlabs(new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS })),
  'https:': readInSlabs(new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS })),
};

/**
 * One call whose whole answer is in memory. Rejects when the connection fails, says nothing, or ends before its answer
 * does. Answers stay small (ranges of objects), so that nobody who reads slowly holds a connection.
 */
export function call({ method, url, headers, body, take }: HttpCall, limits: HttpLimits): Promise<HttpReply> {
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
      const { statusCode: status = 0, headers } = answer;
      const chunks: Buffer[] = [];
      const keep = (chunk: Buffer) => chunks.push(chunk);
      readWhole(answer, status === 206 && take ? take : keep, limits.maxBytes).then(
        () => resolve({ status, headers, body: Buffer.concat(chunks) }),
        reject,
      );
    });
    sending.end(body);
  });
}

/** By events: an iterator stops and starts the connection at each chunk, which takes as long as all the rest. */
function readWhole(
  answer: IncomingMessage,
  take: (chunk: Buffer, at: number) => void,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<void> {
  let at = 0;
  return new Promise((resolve, reject) => {
    answer.on('data', (chunk: Buffer) => {
      if (at + chunk.length > maxBytes) {
        answer.destroy(new Error(`the answer has more than ${maxBytes} bytes`));
        return;
      }
      take(chunk, at);
      at += chunk.length;
    });
    answer.on('error', reject);
    answer.on('end', () => {
      if (answer.complete) resolve();
      else reject(Object.assign(new Error('the answer was cut'), { code: 'ECONNRESET' }));
    });
  });
}

function timeout(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' });
}
