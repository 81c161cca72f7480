import { join } from 'node:path';
import { type Destination, type NetworkStore, parseDestination } from '@spiderhub/core';
import {
  type Boxing,
  boxingFromConfig,
  commonPolicy,
  guardNetwork,
  isolationLines,
  type Limiting,
  limitsFromConfig,
  type OpenWayToRegistry,
  watchPolicy,
  waysToRegistries,
  withLimits,
  withNetwork,
} from '@spiderhub/isolation';
import type { Logger, Service, WorkerConfig } from '@spiderhub/platform';

export interface IsolationOptions {
  config: WorkerConfig;
  /** The folder of this worker. */
  folder: string;
  networks: Pick<NetworkStore, 'all'>;
  log: Logger;
}

/** How far crawls of this worker are kept apart. */
export interface Isolation {
  boxing: Boxing;
  limiting: Limiting;
  /** How images are fetched; null where nothing is kept from crawls either. */
  wayToRegistry: OpenWayToRegistry | null;
  /** What of the network has to end with this worker. */
  network: Service;
}

/** Keeps crawls as far apart as this machine allows, and says how far. Throws when that is less than was asked for. */
export async function openIsolation(options: IsolationOptions): Promise<Isolation> {
  const { config, log } = options;
  const limiting = await limitsFromConfig(config, (message, details) => log.info(details ?? {}, message));
  const boxes = withLimits(await boxingFromConfig(config), limiting);
  const { boxing, network, wayToRegistry } = await guardCrawls(boxes, options);
  const { report } = boxing;
  log[report.level === 'box' ? 'info' : 'warn']({ isolation: report }, isolationLines(report).join('; '));
  return { boxing, limiting, network, wayToRegistry };
}

async function guardCrawls(
  boxing: Boxing,
  { config, folder, networks, log }: IsolationOptions,
): Promise<Pick<Isolation, 'boxing' | 'network' | 'wayToRegistry'>> {
  const home = config.SPIDERHUB_HOME;
  const allow = destinationsIn(config.NETWORK_ALLOW);
  const policy = watchPolicy({
    allowed: () => networks.all(),
    common: () => commonPolicy({ publicUrl: config.PUBLIC_URL, allow }),
    onError: (error) => log.debug({ err: error }, 'what crawls may reach could not be looked up'),
  });
  const { level } = boxing.report;
  const hasUsers = level !== 'none' && process.getuid?.() === 0;
  const programs = {
    folder,
    python: config.SPIDERHUB_PYTHON ?? join(home, 'python/bin/python'),
    launcherDir: config.SPIDERHUB_LAUNCHER,
    policy,
  };
  const guard = await guardNetwork({
    setting: config.NETWORK,
    level,
    uidOf: hasUsers ? (project) => config.ISOLATION_UID_BASE + project : null,
    home,
    ...programs,
    log: (message, details) => log.warn(details ?? {}, message),
  });
  const network: Service = {
    name: 'network',
    start: async () => {},
    async stop() {
      policy.close();
      await guard.close(config.WORKER_STOP_MODE === 'handover');
    },
  };
  const canEnter = process.getuid?.() === 0;
  const wayToRegistry = guard.mode === 'open' ? null : waysToRegistries({ ...programs, canEnter });
  return { boxing: withNetwork(boxing, guard), network, wayToRegistry };
}

/** Throws for what is no destination. */
function destinationsIn(list: string): Destination[] {
  const texts = list.split(',').map((text) => text.trim());
  return texts.filter(Boolean).map((text) => parseDestination('NETWORK_ALLOW', text));
}
