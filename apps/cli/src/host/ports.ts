import { createServer } from 'node:net';
import { say, UserError } from '../say.ts';

/** The port itself when it is free, any free one for 0. Throws one clear sentence when something else has it. */
export async function choosePort(host: string, port: number, variable = 'PORT'): Promise<number> {
  try {
    return await tryToListen(host, port);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new UserError(
        `Port ${port} is taken by another program: stop it, or choose one: ${variable}=${port + 1} npm start`,
      );
    }
    throw new UserError(
      `Cannot listen on ${host} port ${port} (${message}): set other values for HOST and ${variable}`,
    );
  }
}

const SCRAPYD_PORT = 6800;

/** Scrapyd's own port: the given one (0 for none), else the usual one unless something else, Scrapyd say, has it. */
export async function chooseScrapydPort(host: string, given: number | undefined): Promise<number> {
  if (given !== undefined) return given === 0 ? 0 : choosePort(host, given, 'SCRAPYD_PORT');
  try {
    return await tryToListen(host, SCRAPYD_PORT);
  } catch {
    say(`Scrapyd: port ${SCRAPYD_PORT} is taken by another program, its API is under /scrapyd/ only`);
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
