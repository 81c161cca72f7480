import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Where the API server of a cluster is, and as whom it is asked. */
export interface ApiServerOptions {
  host: string;
  port: number;
  /** Holds `token` and `ca.crt`, as the kubelet writes them into a Pod. */
  accountDir: string;
}

/** The API server said no, or nothing. */
export class ApiServerError extends Error {
  /** HTTP status; 0: it could not be asked. */
  readonly status: number;

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

const ANSWER_MS = 30_000;
/** A watch is asked for anew after so long, s: the API server ends them at its own choice, too. */
const WATCH_SECONDS = 300;

/** The few calls that a runner of Pods makes. */
export interface ApiServer {
  call<T>(method: string, path: string, body?: object, contentType?: string): Promise<T>;
  /** Gives out the events of a watch, until it ends. Throws when it cannot be had. */
  watch<T>(path: string, signal: AbortSignal): AsyncGenerator<T>;
}

export function createApiServer({ host, port, accountDir }: ApiServerOptions): ApiServer {
  const agent = new Agent({ keepAlive: true });

  async function send(method: string, path: string, body?: object, contentType = 'application/json') {
    // Read each time: tokens live for an hour, and the kubelet replaces the file.
    const [token, ca] = await Promise.all([
      readFile(join(accountDir, 'token'), 'utf8'),
      readFile(join(accountDir, 'ca.crt'), 'utf8'),
    ]);
    const text = body && JSON.stringify(body);
    const headers = {
      accept: 'application/json',
      authorization: `Bearer ${token.trim()}`,
      ...(text !== undefined && {
        'content-type': contentType,
        'content-length': String(Buffer.byteLength(text)),
      }),
    };
    return new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request({ host, port, path, method, headers, ca, agent }, resolve);
      sent.setTimeout(ANSWER_MS, () => sent.destroy(new Error('no answer in time')));
      sent.on('error', (error) =>
        reject(new ApiServerError(0, `the API server cannot be asked: ${error.message}`, error)),
      );
      sent.end(text);
    });
  }

  return {
    async call<T>(method: string, path: string, body?: object, contentType?: string) {
      const answer = await send(method, path, body, contentType);
      const text = await textOf(answer);
      const status = answer.statusCode ?? 0;
      if (status >= 400) throw new ApiServerError(status, messageIn(text) ?? `HTTP status ${status}`);
      return JSON.parse(text) as T;
    },
    async *watch<T>(path: string, signal: AbortSignal) {
      const joint = path.includes('?') ? '&' : '?';
      const answer = await send('GET', `${path}${joint}watch=true&timeoutSeconds=${WATCH_SECONDS}`);
      const status = answer.statusCode ?? 0;
      if (status >= 400)
        throw new ApiServerError(status, messageIn(await textOf(answer)) ?? `HTTP ${status}`);
      answer.socket.setTimeout((WATCH_SECONDS + 60) * 1000);
      const close = () => answer.destroy();
      signal.addEventListener('abort', close);
      try {
        for await (const line of createInterface({ input: answer })) if (line) yield JSON.parse(line) as T;
      } finally {
        signal.removeEventListener('abort', close);
        close();
      }
    },
  };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function messageIn(text: string): string | null {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : null;
  } catch {
    return null;
  }
}
