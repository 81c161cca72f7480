import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IsolationReport } from '@spiderhub/isolation';
import type { Logger, Service } from '@spiderhub/platform';

export interface HealthOptions {
  /** On the loopback address; 0: no server. */
  port: number;
  /** Whether the worker could prolong its leases lately. */
  isWell: () => boolean;
  /** What crawls of this worker are given. */
  isolation: IsolationReport;
  log: Logger;
}

/** Answers any request with 200 or 503: for the health checks of containers and process managers. */
export function createHealth({ port, isWell, isolation, log }: HealthOptions): Service {
  const server = createServer((_req, res) => {
    const well = isWell();
    res.writeHead(well ? 200 : 503, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify({ status: well ? 'ok' : 'no answer from Postgres', isolation }));
  });
  return {
    name: 'health',
    async start() {
      if (port === 0) return;
      // A taken port is no reason to run no crawls.
      server.on('error', (error) => log.warn({ err: error }, 'health is not served'));
      server.listen(port, '127.0.0.1');
      await Promise.race([once(server, 'listening'), once(server, 'error').catch(() => undefined)]);
    },
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
