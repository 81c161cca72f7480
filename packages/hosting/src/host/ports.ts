import { createServer } from 'node:net';
import { say, UserError } from '../say.ts';

/** The port itself when it is free, any free one for 0. Throws one clear sentence when something else has it. */
export async function choosePort(host: string, port: number): Promise<number> {
  try {
    return await tryToListen(host, port);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new UserError(
        `Port ${port} is taken by another program: stop it, or choose one: PORT=${port + 1} npm start`,
      );
    }
    throw new UserError(
      `Cannot listen on ${host} port ${port} (${message}): set other values for HOST and PORT`,
    );
  }
}

/** Scrapyd's own port, 0 for none: when something else has it (Scrapyd, say), the rest works without. */
export async function chooseScrapydPort(host: string, port: number): Promise<number> {
  if (port === 0) return 0;
  try {
    return await tryToListen(host, port);
  } catch {
    say(`Scrapyd: port ${port} is taken by another program, its API is under /scrapyd/ only`);
    return 0;
  }
}

function tryToListen(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen({ host, port }, () => {
      const address = server.address();
      const chosen = typeof address === 'object' && address ? address.port : port;
      server.close(() => resolve(chosen));
    });
  });
}

/** Base URL by which a program of this machine reaches a server that listens there. */
export function localUrl(host: string, port: number): string {
  const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  const name = everywhere[host] ?? (host.includes(':') ? `[${host}]` : host);
  return `http://${name}:${port}`;
}
