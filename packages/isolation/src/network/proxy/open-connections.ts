import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Gate } from '../gate.ts';
import type { Route } from './route.ts';

/** The proxy, as URL, behind which a host lies; null when there is none. */
export type ProxyTo = (protocol: 'http' | 'https', host: string, port: number) => URL | null;

/** What connecting stands on. */
export interface Ways {
  /** The proxy of the operator's that has to be asked for a host instead, null for none. Throws Refused. */
  viaProxy(...target: Parameters<ProxyTo>): Promise<URL | null>;
  /** Throws Refused. */
  routeTo(host: string, port: number): Promise<Route>;
  /** Remembers a connection to the world, with the client it is for when that has left HTTP behind. */
  note(server: Socket, client?: Duplex): void;
}

export interface OpenConnections {
  note: Ways['note'];
  /** Ends those that the gate does not let through. */
  recheck(gate: Gate): void;
  closeAll(): void;
}

/** TCP finds out about dead ends after so long without a byte, ms. */
const KEEP_ALIVE_MS = 60_000;

export function openConnections(): OpenConnections {
  const all = new Map<Socket, Duplex | undefined>();

  function end(server: Socket, client: Duplex | undefined): void {
    server.destroy();
    client?.destroy();
  }

  return {
    note(server, client) {
      all.set(server, client);
      server.setKeepAlive(true, KEEP_ALIVE_MS);
      server.once('close', () => all.delete(server));
    },
    recheck(gate) {
      for (const [server, client] of all) {
        const { remoteAddress, remotePort } = server;
        if (!remoteAddress || !remotePort || !gate(remoteAddress, remotePort)) end(server, client);
      }
    },
    closeAll() {
      for (const [server, client] of all) end(server, client);
    },
  };
}
