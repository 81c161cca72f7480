import { join } from 'node:path';
import type { MissingPart } from '../../level.ts';
import { createCells } from '../cells/cells.ts';
import { gateOf } from '../gate.ts';
import type { Guard, GuardOptions } from '../guard.ts';
import { createResolve } from './resolve.ts';
import { proxyVariables } from './variables.ts';

export interface ProxyGuardOptions extends GuardOptions {
  /** Folder of this process; the cells that it leaves there, its successor takes over. */
  folder: string;
}

/**
 * Gives the crawls of each project a network with nothing in it but a proxy of this process. Needs no program of the
 * machine. Throws where there can be no network namespace.
 */
export async function guardByProxy(options: ProxyGuardOptions): Promise<Guard> {
  const { uidOf, folder, policy } = options;
  const cells = createCells({
    ...options,
    folder: join(folder, 'network'),
    userns: uidOf === null,
    gateOf: (project) => gateOf(policy.now(), Number(project)),
    // Each its own: names that are slow make other projects' wait no longer.
    newResolve: () => createResolve(),
  });
  await cells.adopt();
  await cells.get('0');
  policy.onChange(() => cells.recheck());
  return {
    mode: 'proxy',
    missing: [ONLY_HTTP],
    async ofCrawl(project) {
      const cell = await cells.get(String(project));
      return { network: { kind: 'cell', ...cell }, environment: proxyVariables() };
    },
    close: (crawlsGoOn) => cells.close(crawlsGoOn),
  };
}

const ONLY_HTTP: MissingPart = {
  part: 'network',
  words: 'Crawls reach the internet through a proxy of the worker, by HTTP and HTTPS only.',
};
