import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import type { S3Server } from './s3-server.ts';

/**
 * What becomes of a call: it goes through, 503, no answer for a while, or a connection that ends in the middle. What is
 * `kept` has been done, and nobody hears of it.
 */
export type S3Fault = 'none' | 'busy' | 'slow' | 'cut upload' | 'cut answer' | 'silent' | 'kept';

export interface FaultyS3 {
  endpoint: string;
  /** Decides for each call. */
  fault: (call: { method: string; path: string }) => S3Fault;
  /** How long `slow` takes, ms. */
  slowMs: number;
  /** What its clock is ahead of everybody's, ms. */
  skewMs: number;
  /** Connections are refused, and those that are open end. */
  refuse(): void;
  accept(): Promise<void>;
  close(): Promise<void>;
}

/** Real servers take signatures that are a quarter of an hour old. */
const SKEW_TAKEN_MS = 15 * 60_000;

/** A server in front of an S3 server, which does to calls what networks and servers do. */
export async function startFaultyS3(
  target: Pick<S3Server, 'endpoint' | 'keys'>,
  host = '127.0.0.1',
): Promise<FaultyS3> {
  let server: Server | null = null;

  async function listen(port: number): Promise<number> {
    const listening = createServer((incoming, answer) => {
      void handle(state, target, incoming, answer).catch(() => answer.destroy());
    });
    server = listening;
    await new Promise<void>((resolve, reject) => {
      listening.on('error', reject);
      listening.listen({ host, port }, resolve);
    });
    return (listening.address() as { port: number }).port;
  }

  function refuse(): void {
    server?.close();
    server?.closeAllConnections();
    server = null;
  }

  const state: FaultyS3 = {
    endpoint: '',
    fault: () => 'none',
    slowMs: 500,
    skewMs: 0,
    refuse,
    async accept() {
      if (!server) await listen(port);
    },
    close: async () => refuse(),
  };
  const port = await listen(0);
  state.endpoint = `http://${host}:${port}`;
  return state;
}

async function handle(
  { fault, slowMs, skewMs }: FaultyS3,
  target: Pick<S3Server, 'endpoint' | 'keys'>,
  incoming: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const what = fault({ method: incoming.method ?? '', path: incoming.url ?? '' });
  if (what === 'silent') return;
  if (what === 'cut upload') {
    // Some of the body has arrived.
    incoming.once('data', () => incoming.destroy());
    if (incoming.headers['content-length'] === undefined) incoming.destroy();
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  if (what === 'busy') {
    answer.writeHead(503).end('<Error><Code>SlowDown</Code></Error>');
    return;
  }
  if (what === 'slow') await delay(slowMs);
  const date = new Date(Date.now() + skewMs).toUTCString();
  if (skewMs !== 0 && isTooOld(incoming, skewMs)) {
    answer.writeHead(403, { date }).end('<Error><Code>RequestTimeTooSkewed</Code></Error>');
    return;
  }
  const reply = await forwarded(target, incoming, Buffer.concat(chunks), skewMs !== 0);
  if (what === 'kept') return;
  const half = reply.body.subarray(0, Math.floor(reply.body.length / 2));
  if (what === 'cut answer' && half.length === 0) {
    // With its head alone it would be whole.
    answer.destroy();
    return;
  }
  answer.writeHead(reply.status, skewMs === 0 ? reply.headers : { ...reply.headers, date });
  if (what === 'cut answer') answer.write(half, () => answer.destroy());
  else answer.end(reply.body);
}

function isTooOld({ headers }: IncomingMessage, skewMs: number): boolean {
  const text = String(headers['x-amz-date'] ?? '');
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const [year = 0, month = 0, ...rest] = parts.map(Number);
  const signedAt = Date.UTC(year, month - 1, ...rest);
  return Math.abs(signedAt - (Date.now() + skewMs)) > SKEW_TAKEN_MS;
}

/** As it came; signed anew where the server behind has another clock. */
async function forwarded(
  { endpoint, keys }: Pick<S3Server, 'endpoint' | 'keys'>,
  incoming: IncomingMessage,
  body: Buffer,
  isSignedAnew: boolean,
): Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }> {
  const url = `${endpoint}${incoming.url}`;
  const method = incoming.method ?? 'GET';
  const headers = isSignedAnew ? await signedAnew(method, url, incoming, keys) : incoming.headers;
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, headers });
    sending.on('error', reject);
    sending.on('response', (reply) => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.on('error', reject);
      reply.on('end', () =>
        resolve({ status: reply.statusCode ?? 500, headers: reply.headers, body: Buffer.concat(chunks) }),
      );
    });
    sending.end(body);
  });
}

async function signedAnew(method: string, url: string, { headers }: IncomingMessage, keys: S3Server['keys']) {
  const { authorization: _, 'x-amz-date': __, host: ___, connection: ____, ...rest } = headers;
  const length = headers['content-length'];
  const signer = new AwsV4Signer({
    method,
    url,
    headers: Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)])),
    accessKeyId: keys.AWS_ACCESS_KEY_ID,
    secretAccessKey: keys.AWS_SECRET_ACCESS_KEY,
    service: 's3',
    region: 'us-east-1',
  });
  const signed = Object.fromEntries((await signer.sign()).headers);
  return { ...signed, ...(length !== undefined && { 'content-length': length }) };
}
