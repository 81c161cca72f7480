import {
  type AccountStore,
  type AdminStore,
  type ApiKeys,
  type AuditStore,
  createApiKeys,
  createPeriodicJobs,
  createVariables,
  createWebhooks,
  type LimitStore,
  type LinkStore,
  type MarkerStore,
  type NetworkStore,
  type PeriodicJobs,
  type ProjectVariables,
  type RetentionStore,
  readSecretKeys,
  type SealedStore,
  type SecretKeys,
  type ServiceLimitStore,
  type ServiceLimits,
  type StreamStore,
  type UsageView,
  type VersionStore,
  type Webhooks,
} from '@spiderhub/core';
import type { ScrapydCallerStore, ScrapydUserStore } from '@spiderhub/core/scrapyd';
import { createCron } from '@spiderhub/cron';
import {
  countLiveWorkers,
  createAccountStore,
  createAdminStore,
  createAuditStore,
  createKeyStore,
  createLimitStore,
  createLinkStore,
  createMarkerStore,
  createMemberStore,
  createNetworkStore,
  createPeriodicStore,
  createRetentionStore,
  createScrapydCallerStore,
  createScrapydUserStore,
  createSealedStore,
  createServiceLimitStore,
  createUsageView,
  createVariableStore,
  createVersionStore,
  createWebhookStore,
  type Database,
} from '@spiderhub/db';
import { type SecretsPlace, secretsKeyText } from '@spiderhub/platform';
import type { Environments } from '@spiderhub/runners';
import type { Storage } from '@spiderhub/storage';

/** Everything that a command may work with. */
export interface AdminStores {
  admin: AdminStore;
  accounts: AccountStore;
  links: LinkStore;
  keys: ApiKeys;
  audit: AuditStore;
  /** Address that links to the service begin with. */
  site: string;
  limits: LimitStore;
  /** Service limits, and what an organisation may have for which none were set. */
  serviceLimits: { store: ServiceLimitStore; defaults: ServiceLimits };
  markers: MarkerStore;
  networks: NetworkStore;
  periodic: PeriodicJobs;
  webhooks: Webhooks;
  versions: VersionStore;
  scrapydUsers: ScrapydUserStore;
  scrapydCallers: ScrapydCallerStore;
  retention: RetentionStore;
  usage: UsageView;
  streams: StreamStore;
  storage: Storage;
  /** The same with another STORAGE_URL; files of this machine without one. */
  storageAt: (url: string | undefined) => Storage;
  liveWorkers: () => Promise<number>;
  environments: Pick<Environments, 'stacks' | 'isMade'>;
  variables: ProjectVariables;
  sealed: SealedStore;
  /** Where the keys of secrets come from, and what they are at this moment. */
  secrets: { place: SecretsPlace; keys: SecretKeys };
}

export function createAdminStores(
  database: Database,
  place: SecretsPlace,
  storageAt: (url?: string | null) => Storage,
  environments: AdminStores['environments'],
  site: string,
  defaults: ServiceLimits,
): AdminStores {
  const cron = createCron();
  const storage = storageAt();
  const sealed = createSealedStore(database);
  const keys = async () => readSecretKeys(await secretsKeyText(place)) ?? [];
  return {
    admin: createAdminStore(database),
    accounts: createAccountStore(database),
    links: createLinkStore(database),
    audit: createAuditStore(database),
    keys: createApiKeys(createKeyStore(database), createMemberStore(database)),
    site,
    limits: createLimitStore(database),
    serviceLimits: { store: createServiceLimitStore(database), defaults },
    markers: createMarkerStore(database),
    networks: createNetworkStore(database),
    periodic: createPeriodicJobs({ store: createPeriodicStore(database, cron.zoneRules), cron }),
    webhooks: createWebhooks({ store: createWebhookStore(database), sealing: sealed, keysOf: keys }),
    versions: createVersionStore(database),
    scrapydUsers: createScrapydUserStore(database),
    scrapydCallers: createScrapydCallerStore(database),
    retention: createRetentionStore(database),
    usage: createUsageView(database),
    streams: storage.streams,
    storage,
    storageAt: (url) => storageAt(url ?? null),
    liveWorkers: () => countLiveWorkers(database),
    environments,
    variables: createVariables(createVariableStore(database), sealed, keys),
    sealed,
    secrets: { place, keys },
  };
}
