import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger, Service } from '@spiderhub/platform';

export interface ServerServiceOptions {
  server: Server;
  host: string;
  port: number;
}

/** Listens, and on stop lets running requests end until the deadline. */
export function createServerService({
  server,
  host,
  port,
}: ServerServiceOptions): Service & { url(): string } {
  return {
    name: 'http',
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve();
        });
      }),
    stop: (deadline) => closeServer(server, deadline),
    url() {
      const { address, family, port: actual } = server.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`;
    },
  };
}

async function closeServer(server: Server, deadline: AbortSignal): Promise<void> {
  if (!server.listening) return;
  const cut = () => server.closeAllConnections();
  deadline.addEventListener('abort', cut, { once: true });
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    // Kept alive for requests that may never come.
    server.closeIdleConnections();
  });
  deadline.removeEventListener('abort', cut);
}

/** For a port that belongs to another program: one that has it already keeps it, and everything else of ours works. */
export function unlessTaken(service: Service, port: number, log: Logger): Service {
  return {
    ...service,
    async start() {
      try {
        await service.start();
        log.info({ port }, `${service.name} dialect is ready`);
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error;
        log.warn({ port }, `the port is taken: the ${service.name} dialect is served under its path only`);
      }
    },
  };
}
