import { closeSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gateOf } from '../gate.ts';
import { createEgress } from '../proxy/egress.ts';
import { createResolve, type Resolve } from '../proxy/resolve.ts';
import { proxyVariables } from '../proxy/variables.ts';
import { configuredNetwork, withoutProxies } from './configured.ts';

export interface WayOptions {
  /** Folder that only this process's user may enter; the socket lies there. */
  folder: string;
  /** Name of the socket. */
  name: string;
  /** What the operator tells installers: `PIP_*`, `UV_*`, proxies. */
  env: Record<string, string>;
  /** Texts of the operator's files of configuration for them. */
  files: string[];
  resolve?: Resolve;
}

/** The only way out of a box in which packages are installed. */
export interface WayToIndex {
  /** Absolute path of a socket at which an HTTP proxy answers. */
  socket: string;
  /** All variables of the installer that concern its network. */
  environment: Record<string, string>;
  close(): Promise<void>;
}

const PUBLIC = { everyone: [], resolvers: [], projects: new Map() };

/**
 * Opens a proxy for one installation. Code of a package that is built reaches public addresses and what the operator has
 * configured, by its name, wherever that lies; nothing else of this machine and its networks.
 */
export async function openWayToIndex(options: WayOptions): Promise<WayToIndex> {
  const { folder, name, env, files, resolve = createResolve() } = options;
  const { names, proxyTo } = configuredNetwork(env, files);
  const egress = createEgress({ gate: () => gateOf(PUBLIC, 0), resolve, trusts: names, proxyTo });
  // A socket's address has room for 108 bytes: this path to the folder is always short.
  const descriptor = openSync(folder, 'r');
  try {
    await egress.listen(`/proc/self/fd/${descriptor}/${name}`);
  } finally {
    closeSync(descriptor);
  }
  const socket = join(folder, name);
  const proxies = proxyVariables();
  return {
    socket,
    environment: { ...withoutProxies(env), ...proxies, PIP_PROXY: proxies.http_proxy as string },
    async close() {
      await egress.close();
      await rm(socket, { force: true });
    },
  };
}
