import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** What becomes of a call: it goes through, 503, no answer for a while, or a connection that ends in the middle. */
export type Fault = 'none' | 'busy' | 'slow' | 'cut upload' | 'cut answer' | 'silent';

export interface FaultyS3 {
  endpoint: string;
  /** Decides for each call. */
  fault: (call: { method: string; path: string }) => Fault;
  /** How long `slow` takes, ms. */
  slowMs: number;
  close(): Promise<void>;
}

/** A server in front of an S3 server, which does to calls what networks and servers do. */
export async function startFaultyS3(target: string): Promise<FaultyS3> {
  const state: FaultyS3 = { endpoint: '', fault: () => 'none', slowMs: 500, close: async () => {} };
  const server = createServer((incoming, answer) => {
    void handle(state, target, incoming, answer).catch(() => answer.destroy());
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  state.endpoint = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  state.close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return state;
}

async function handle(
  { fault, slowMs }: FaultyS3,
  target: string,
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
  const reply = await forwarded(target, incoming, Buffer.concat(chunks));
  answer.writeHead(reply.status, reply.headers);
  if (what !== 'cut answer') {
    answer.end(reply.body);
    return;
  }
  answer.write(reply.body.subarray(0, Math.floor(reply.body.length / 2)));
  answer.destroy();
}

function forwarded(target: string, incoming: IncomingMessage, body: Buffer) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>(
    (resolve, reject) => {
      const sending = request(`${target}${incoming.url}`, {
        method: incoming.method ?? 'GET',
        headers: incoming.headers,
      });
      sending.on('error', reject);
      sending.on('response', async (reply) => {
        const chunks: Buffer[] = [];
        for await (const chunk of reply) chunks.push(chunk as Buffer);
        resolve({ status: reply.statusCode ?? 500, headers: reply.headers, body: Buffer.concat(chunks) });
      });
      sending.end(body);
    },
  );
}
