import { closeSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { endCell, startCell } from '../cells/cell-process.ts';
import { gateOf } from '../gate.ts';
import { configuredNetwork, withoutProxies } from '../installing/configured.ts';
import type { PolicyWatch } from '../policy.ts';
import { createEgress } from '../proxy/egress.ts';
import { createResolve, type Resolve } from '../proxy/resolve.ts';
import { requirePublic } from '../proxy/route.ts';
import { proxyVariables } from '../proxy/variables.ts';

/** How a program that fetches images reaches registries. */
export interface WayToRegistry {
  /** What stands before its command. */
  enter: readonly string[];
  /** Its environment. */
  environment: Record<string, string>;
  close(): Promise<void>;
}

export interface RegistryWaysOptions {
  policy: Pick<PolicyWatch, 'now'>;
  /** Whether this process may enter a network namespace without losing what it is: as root. */
  canEnter: boolean;
  /** Folder of this process, for sockets. */
  folder: string;
  /** Python of the base environment. */
  python: string;
  /** Absolute path of `python/launcher`. */
  launcherDir: string;
  resolve?: Resolve;
}

/**
 * Opens a way for one fetch of an image of this project. `env`: the engine's environment. Throws with a sentence when the registry
 * is none that the project may reach.
 */
export type OpenWayToRegistry = (
  wanted: { project: number; host: string; port: number },
  env: Readonly<Record<string, string>>,
) => Promise<WayToRegistry>;

/**
 * Who deploys an image names the registry, and the registry names whom to ask for a token and where its layers lie. So as root the
 * program has a network with nothing in it but a proxy, which connects to what crawls of the project may reach. Otherwise only the
 * registry's own addresses are looked at.
 */
export function waysToRegistries(options: RegistryWaysOptions): OpenWayToRegistry {
  const { policy, canEnter, resolve = createResolve() } = options;
  return async ({ project, host, port }, env) => {
    const gate = () => gateOf(policy.now(), project);
    await requirePublic({ host, port }, { gate: gate(), resolve });
    if (!canEnter) return { enter: [], environment: { ...env }, close: async () => {} };
    const { proxyTo } = configuredNetwork(env, []);
    return openCell(options, createEgress({ gate, resolve, proxyTo }), env);
  };
}

let opened = 0;

async function openCell(
  { folder, python, launcherDir }: RegistryWaysOptions,
  egress: ReturnType<typeof createEgress>,
  env: Readonly<Record<string, string>>,
): Promise<WayToRegistry> {
  opened += 1;
  const name = `registry-${opened}`;
  // A socket's address has room for 108 bytes: this path to the folder is always short.
  const descriptor = openSync(folder, 'r');
  try {
    await egress.listen(`/proc/self/fd/${descriptor}/${name}.sock`);
  } finally {
    closeSync(descriptor);
  }
  const end = async () => {
    await egress.close();
    await rm(join(folder, `${name}.sock`), { force: true });
  };
  try {
    const cell = await startCell({ python, launcherDir, folder, name, userns: false });
    return {
      enter: ['nsenter', `--net=/proc/${cell.pid}/ns/net`, '--'],
      environment: { ...withoutProxies(env), ...proxyVariables() },
      async close() {
        await endCell(cell);
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}
