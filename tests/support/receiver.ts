import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that a receiver of webhooks got. */
export interface Received {
  headers: Record<string, string>;
  body: string;
  path: string;
}

export type Behaviour = (received: Received, response: http.ServerResponse, nth: number) => void;

/** Somebody's server that webhooks are sent to; answers 204 unless it is told to behave otherwise. */
export interface Receiver {
  url: string;
  received: Received[];
  /** Most requests that were under way at once. */
  most: number;
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  let behaviour: Behaviour = (_received, response) => response.writeHead(204).end();
  let underWay = 0;
  const server = http.createServer((request, response) => {
    underWay += 1;
    receiver.most = Math.max(receiver.most, underWay);
    response.once('close', () => {
      underWay -= 1;
    });
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const received = {
        headers: request.headers as Record<string, string>,
        body: Buffer.concat(pieces).toString('utf8'),
        path: request.url ?? '',
      };
      receiver.received.push(received);
      behaviour(received, response, receiver.received.length);
    });
    request.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received: [],
    most: 0,
    behave(next) {
      behaviour = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
