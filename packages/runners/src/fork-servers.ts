import { createForkServer, type ForkServer, type ForkServerOptions } from './fork-server.ts';
import type { Shim } from './shim-process.ts';

export interface ForkServersOptions extends ForkServerOptions {
  /** How long one of another environment than the base stays without a crawl, ms. 10 minutes by default. */
  idleMs?: number;
  /** How many environments have one beside the base. Each takes some 70 MB of memory. 4 by default. */
  most?: number;
}

/** A fork server for each environment that crawls are started in. */
export interface ForkServers {
  /** That of the base environment, which runs all the time. */
  base: ForkServer;
  /**
   * Starts the shim of a job directory in the environment of this Python. Null when nothing was started. The first call
   * for an environment starts its server, which the next ones then find.
   */
  start(directory: string, python: string): Promise<Shim | null>;
  /** Pythons beside the base that have a server now. */
  warm(): string[];
  close(): Promise<void>;
}

const IDLE_MS = 10 * 60_000;
const MOST = 4;

interface Kept {
  server: ForkServer;
  idle: NodeJS.Timeout;
}

/** The base environment's server starts at once, the others on use; a server that nobody uses ends. */
export function createForkServers({
  idleMs = IDLE_MS,
  most = MOST,
  ...options
}: ForkServersOptions): ForkServers {
  const base = createForkServer(options);
  /** Longest unused first. */
  const others = new Map<string, Kept>();
  const closing = new Set<Promise<void>>();

  function end(python: string): void {
    const kept = others.get(python);
    if (!kept) return;
    clearTimeout(kept.idle);
    others.delete(python);
    const closed = kept.server.close().finally(() => closing.delete(closed));
    closing.add(closed);
  }

  function serverOf(python: string): ForkServer {
    const known = others.get(python);
    if (known) clearTimeout(known.idle);
    others.delete(python);
    const server = known?.server ?? createForkServer({ ...options, python });
    others.set(python, { server, idle: setTimeout(() => end(python), idleMs).unref() });
    const [longestUnused] = others.keys();
    if (others.size > most && longestUnused !== undefined) end(longestUnused);
    return server;
  }

  return {
    base,
    start: (directory, python) => (python === options.python ? base : serverOf(python)).start(directory),
    warm: () => [...others.keys()],
    async close() {
      for (const python of others.keys()) end(python);
      await Promise.all([base.close(), ...closing]);
    },
  };
}
