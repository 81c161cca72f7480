import type { AdminStore, LimitStore, MarkerStore } from '@spiderhub/core';
import type { ScrapydUserStore } from '@spiderhub/core/scrapyd';
import {
  createAdminStore,
  createLimitStore,
  createMarkerStore,
  createScrapydUserStore,
  type Database,
} from '@spiderhub/db';

/** Everything that a command may work with. */
export interface AdminStores {
  admin: AdminStore;
  limits: LimitStore;
  markers: MarkerStore;
  scrapydUsers: ScrapydUserStore;
}

export function createAdminStores(database: Database): AdminStores {
  return {
    admin: createAdminStore(database),
    limits: createLimitStore(database),
    markers: createMarkerStore(database),
    scrapydUsers: createScrapydUserStore(database),
  };
}
