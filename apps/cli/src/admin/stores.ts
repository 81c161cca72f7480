import { join } from 'node:path';
import {
  type AdminStore,
  createPeriodicJobs,
  type LimitStore,
  type MarkerStore,
  type NetworkStore,
  type PeriodicJobs,
  type RetentionStore,
  type StreamStore,
  TALLIES,
  type UsageView,
  type VersionStore,
} from '@spiderhub/core';

import type { ScrapydUserStore } from '@spiderhub/core/scrapyd';
import { createCron } from '@spiderhub/cron';
import {
  createAdminStore,
  createLimitStore,
  createMarkerStore,
  createNetworkStore,
  createPeriodicStore,
  createRetentionStore,
  createScrapydUserStore,
  createUsageView,
  createVersionStore,
  type Database,
} from '@spiderhub/db';

import type { Environments } from '@spiderhub/runners';
import { createFsStreamStore } from '@spiderhub/storage';

/** Everything that a command may work with. */
export interface AdminStores {
  admin: AdminStore;
  limits: LimitStore;
  markers: MarkerStore;
  networks: NetworkStore;
  periodic: PeriodicJobs;
  versions: VersionStore;
  scrapydUsers: ScrapydUserStore;
  retention: RetentionStore;
  usage: UsageView;
  streams: StreamStore;
  environments: Pick<Environments, 'stacks' | 'isMade'>;
}

/** `home` is where the service's data lie. */
export function createAdminStores(
  database: Database,
  home: string,
  environments: AdminStores['environments'],
): AdminStores {
  const cron = createCron();
  return {
    admin: createAdminStore(database),
    limits: createLimitStore(database),
    markers: createMarkerStore(database),
    networks: createNetworkStore(database),
    periodic: createPeriodicJobs({ store: createPeriodicStore(database, cron.zoneRules), cron }),
    versions: createVersionStore(database),
    scrapydUsers: createScrapydUserStore(database),
    retention: createRetentionStore(database),
    usage: createUsageView(database),
    streams: createFsStreamStore({ root: join(home, 'data/streams'), tallies: TALLIES }),
    environments,
  };
}
