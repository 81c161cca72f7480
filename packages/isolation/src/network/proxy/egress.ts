import { createServer } from 'node:http';
import type { Gate } from '../gate.ts';
import { forward, refuseRequest } from './forward.ts';
import { openConnections, type ProxyTo, type Ways } from './open-connections.ts';
import type { Resolve } from './resolve.ts';
import { requirePublic, routeTo } from './route.ts';
import { refuseTunnel, tunnel } from './tunnel.ts';

export interface EgressOptions {
  /** Asked for each connection. */
  gate: () => Gate;
  resolve: Resolve;
  /** Hosts, as they are asked for, that the gate is not asked about. None when absent. */
  trusts?: (host: string, port: number) => boolean;
  /** The operator's proxy that leads to a host. None when absent. */
  proxyTo?: ProxyTo;
}

/**
 * An HTTP proxy for one project, for plain requests and CONNECT, on a unix socket. It connects to what the gate lets
 * through and hands bytes on in both directions as they come; nothing is kept.
 */
export interface Egress {
  /** Begins to listen; the path must be free and short enough for a socket. */
  listen(path: string): Promise<void>;
  /** Ends the connections that the gate would not let through any more. */
  recheck(): void;
  close(): Promise<void>;
}

/** Most connections of one project: each takes two descriptors of this process. */
const MAX_CONNECTIONS = 512;
/** As servers send them, so do crawls. */
const MAX_HEADER_BYTES = 256 * 1024;

export function createEgress({
  gate,
  resolve,
  trusts = () => false,
  proxyTo = () => null,
}: EgressOptions): Egress {
  const open = openConnections();
  const gateTo = (host: string, port: number) => (trusts(host, port) ? () => true : gate());
  const ways: Ways = {
    async viaProxy(protocol, host, port) {
      const proxy = proxyTo(protocol, host, port);
      if (proxy) await requirePublic({ host, port }, { gate: gateTo(host, port), resolve });
      return proxy;
    },
    routeTo: (host, port) => routeTo({ host, port }, { gate: gateTo(host, port), resolve }),
    note: open.note,
  };
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES });
  server.maxConnections = MAX_CONNECTIONS;
  // A crawl may take its time to send a long body.
  server.requestTimeout = 0;
  server.on('request', (message, response) => {
    forward(message, response, ways).catch((error: unknown) => refuseRequest(response, error));
  });
  server.on('connect', (message, client, head) => {
    client.on('error', () => client.destroy());
    tunnel(message, { client, head }, ways).catch((error: unknown) => refuseTunnel(client, error));
  });
  return {
    listen: (path) =>
      new Promise((done, failed) => {
        server.once('error', failed);
        server.listen(path, () => done());
      }),
    recheck: () => open.recheck(gate()),
    async close() {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      open.closeAll();
      await closed;
    },
  };
}
