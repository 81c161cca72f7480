import { join } from 'node:path';
import {
  type Access,
  type Accounts,
  type ActivityStore,
  type BlobStore,
  type ClaimStore,
  type CollectionStore,
  type CommentStore,
  createAccess,
  createAccounts,
  createDeploy,
  createJobAccess,
  createJobs,
  createJobTokens,
  createMemberships,
  createPeriodicJobs,
  createSessions,
  createSignIn,
  createVariables,
  type Deploy,
  type EggInspector,
  type EggStore,
  type FailureCounts,
  type FrontierStore,
  inLedger,
  type JobAccess,
  type JobqView,
  type Jobs,
  type JobTokens,
  type LinkStore,
  type MemberStore,
  type Memberships,
  type PeriodicJobs,
  type ProjectStore,
  type ProjectVariables,
  type ReleaseStore,
  type ReportStore,
  type SecretKeys,
  type Sessions,
  type Signals,
  type SignIn,
  type SpiderStore,
  type StreamStore,
  TALLIES,
  type VersionStore,
} from '@spiderhub/core';
import {
  createScrapydGuests,
  createScrapydUsers,
  type ScrapydGuests,
  type ScrapydStore,
  type ScrapydUsers,
  type ScrapydView,
} from '@spiderhub/core/scrapyd';
import { createCron } from '@spiderhub/cron';
import {
  createAccessStore,
  createAccountStore,
  createActivityStore,
  createBlobLedger,
  createClaimStore,
  createCollectionStore,
  createCommentStore,
  createEggStore,
  createFrontierStore,
  createJobqView,
  createJobStore,
  createJobView,
  createLinkStore,
  createMemberStore,
  createPeriodicStore,
  createProjectStore,
  createReleaseStore,
  createReportStore,
  createScrapydCallerStore,
  createScrapydStore,
  createScrapydUserStore,
  createScrapydView,
  createSealedStore,
  createSessionStore,
  createSpiderStore,
  createVariableStore,
  createVersionStore,
  type Database,
  sharedSecret,
} from '@spiderhub/db';
import type { Logger } from '@spiderhub/platform';
import { checkZip } from '@spiderhub/runners';
import { createFsBlobStore, createFsStreamStore } from '@spiderhub/storage';
import { createThrottle } from './http/throttle.ts';

const MAX_ITEM_BYTES = 16 * 2 ** 20;

/** Everything that a dialect may use. Each part is made once, however many dialects use it. */
export interface Parts {
  access: Access;
  jobAccess: JobAccess;
  tokens: JobTokens;
  people: People;

  jobs: Jobs;
  claims: ClaimStore;
  periodic: PeriodicJobs;
  queue: JobqView;

  projects: ProjectStore;
  spiders: SpiderStore;
  versions: VersionStore;
  deploy: Deploy;
  variables: ProjectVariables;
  eggs: EggStore;
  /** Throws `invalid` for a file that no deploy could unpack. */
  checkEgg(path: string): Promise<void>;
  releases: ReleaseStore;

  streams: StreamStore;
  blobs: BlobStore;
  collections: CollectionStore;
  frontiers: FrontierStore;
  activity: ActivityStore;
  comments: CommentStore;
  reports: ReportStore;

  /** Scrapyd's own words for jobs, projects and users, which no other dialect shares. */
  scrapyd: { store: ScrapydStore; view: ScrapydView; users: ScrapydUsers; guests: ScrapydGuests };

  /** Uploads wait here; each has a directory of its own, which is gone when its request ends. */
  uploadDir: string;
  /** The largest item that is kept, bytes. */
  maxItemBytes: number;
  log: Logger;
  now: () => Date;
}

/** Users, where they are signed in, and what they are where. */
export interface People {
  sessions: Sessions;
  signIn: SignIn;
  accounts: Accounts;
  members: MemberStore;
  memberships: Memberships;
  links: LinkStore;
}

/** What the parts stand on. Whoever opens a connection closes it. */
export interface Ground {
  database: Database;
  /** For what may take as long as its reader does: long downloads must not starve everything else. */
  downloads: Database;
  /** A few connections for lists and counts that may take long. */
  searches: Database;
  signals: Signals;
  /** Where all processes of the API count wrong passwords together. */
  failureCounts?: FailureCounts | undefined;
  inspector: EggInspector;
  /** Keys that secrets are stored with. */
  secretKeys: SecretKeys;
  /** Streams and blobs lie here. */
  dataDir: string;
  uploadDir: string;
  /** The largest item that is kept, bytes. 16 MiB by default. */
  maxItemBytes?: number;
  log: Logger;
}

/** Makes each part, on Postgres and the file system. */
export async function createParts(ground: Ground): Promise<Parts> {
  const { database, downloads, searches, signals, inspector, secretKeys, dataDir, uploadDir, log } = ground;
  const view = createJobView(database, searches);
  const versions = createVersionStore(database);
  const eggs = createEggStore(database);
  const blobs = inLedger(createFsBlobStore({ root: join(dataDir, 'blobs') }), createBlobLedger(database));
  const sealed = createSealedStore(database);
  const variables = createVariables(createVariableStore(database), sealed, secretKeys);
  const tokens = createJobTokens(await sharedSecret(database, 'job-token'));
  return {
    access: createAccess(createAccessStore(database)),
    jobAccess: createJobAccess(tokens, view),
    tokens,
    people: await peopleOf(ground),

    jobs: createJobs(createJobStore(database), { ...view, stream: createJobView(downloads).stream }, signals),
    claims: createClaimStore(database),
    periodic: periodicJobs(database),
    queue: createJobqView(database, searches),

    projects: createProjectStore(database),
    spiders: createSpiderStore(database),
    versions,
    deploy: createDeploy({ inspector, blobs, versions, eggs, variables }),
    variables,
    eggs,
    checkEgg: checkZip,
    releases: createReleaseStore(database),

    streams: createFsStreamStore({ root: join(dataDir, 'streams'), tallies: TALLIES }),
    blobs,
    collections: createCollectionStore(database),
    frontiers: createFrontierStore(database),
    activity: createActivityStore(database),
    comments: createCommentStore(database),
    reports: createReportStore(database),

    scrapyd: scrapydParts(database, downloads),
    uploadDir,
    maxItemBytes: ground.maxItemBytes ?? MAX_ITEM_BYTES,
    log,
    now: () => new Date(),
  };
}

function periodicJobs(database: Database): PeriodicJobs {
  const cron = createCron();
  return createPeriodicJobs({ store: createPeriodicStore(database, cron.zoneRules), cron });
}

/** Wrong passwords for one name from one address in a minute, before it has to wait. */
const WRONG_PASSWORDS = 10;

async function peopleOf({ database, failureCounts }: Ground): Promise<People> {
  const accountStore = createAccountStore(database);
  const links = createLinkStore(database);
  const members = createMemberStore(database);
  const patience = createThrottle({
    limit: WRONG_PASSWORDS,
    loopbackLimit: WRONG_PASSWORDS,
    shared: failureCounts,
  });
  const secret = await sharedSecret(database, 'device');
  const signIn = createSignIn({ accounts: accountStore, patience, secret });
  const accounts = createAccounts(accountStore, links, signIn);
  return {
    sessions: createSessions(createSessionStore(database)),
    signIn,
    accounts,
    members,
    memberships: createMemberships(members, links, accounts),
    links,
  };
}

function scrapydParts(database: Database, downloads: Database): Parts['scrapyd'] {
  const long = createScrapydView(downloads);
  return {
    store: createScrapydStore(database),
    view: { ...createScrapydView(database), listing: long.listing, jobs: long.jobs },
    users: createScrapydUsers(createScrapydUserStore(database)),
    guests: createScrapydGuests(createScrapydCallerStore(database)),
  };
}
