import {
  type Access,
  type ActivityStore,
  type AuditStore,
  type BlobStore,
  type ClaimStore,
  type CollectionStore,
  type CommentStore,
  createAccess,
  createDeploy,
  createFileLimits,
  createJobAccess,
  createJobLists,
  createJobRules,
  createJobs,
  createJobTokens,
  createKeyUses,
  createLimitBook,
  createMeter,
  createPendingWatch,
  createPeriodicJobs,
  createRates,
  createRefusals,
  createRegistryLogins,
  createSecretSettings,
  createTurns,
  createVariables,
  createWebhooks,
  type Deploy,
  type EggInspector,
  type EggStore,
  type EventLog,
  type FileLimits,
  type FrontierStore,
  inLedger,
  type JobAccess,
  type JobLists,
  type JobqView,
  type JobRules,
  type Jobs,
  type JobTokens,
  type KeyUses,
  type LimitBook,
  NO_LIMITS,
  NO_TURNS,
  type OverviewView,
  type PeriodicJobs,
  type ProjectStore,
  type ProjectUsage,
  type ProjectVariables,
  type Rates,
  type Refusals,
  type RegistryLogins,
  type ReleaseStore,
  type Remembered,
  type ReportStore,
  type SavedViewStore,
  type SecretKeys,
  type SecretSettings,
  type ServiceLimitStore,
  type ServiceLimits,
  type Signals,
  type SpiderStore,
  type StreamStore,
  type Turn,
  type UsageCounts,
  type VersionStore,
  type Webhooks,
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
  createActivityStore,
  createAuditStore,
  createBlobLedger,
  createClaimStore,
  createCollectionStore,
  createCommentStore,
  createEggStore,
  createEventLog,
  createFrontierStore,
  createJobqView,
  createJobSearchView,
  createJobStore,
  createJobView,
  createKeyStore,
  createNoticeStore,
  createOverviewView,
  createPeriodicStore,
  createProjectLooks,
  createProjectStore,
  createReleaseStore,
  createReportStore,
  createRuleStore,
  createSavedViewStore,
  createScrapydCallerStore,
  createScrapydStore,
  createScrapydUserStore,
  createScrapydView,
  createSealedStore,
  createServiceLimitStore,
  createSpiderStore,
  createUsageView,
  createVariableStore,
  createVersionStore,
  createWebhookStore,
  type Database,
  sharedSecret,
} from '@spiderhub/db';
import type { Logger } from '@spiderhub/platform';
import { checkZip } from '@spiderhub/runners';
import type { Storage } from '@spiderhub/storage';
import type { RoomLimits } from './http/rooms.ts';
import { inTurn } from './limits/in-turn.ts';
import { usageOf } from './limits/usage.ts';
import type { Hints } from './live/event-hub.ts';
import { createLive, type Live } from './live/live.ts';
import { type People, type PeopleGround, peopleOf } from './parts/people.ts';

const MAX_ITEM_BYTES = 16 * 2 ** 20;
/**
 * How many connections of their pools reads may have at the same time, all together and those of one organisation. Lists leave
 * some to everything else that is asked of the same pool.
 */
const PLACES = {
  lists: { all: 7, ofOne: 4 },
  searches: { all: 3, ofOne: 2 },
  downloads: { all: 10, ofOne: 4 },
};

/** Everything that a dialect may use. Each part is made once, however many dialects use it. */
export interface Parts {
  access: Access;
  jobAccess: JobAccess;
  tokens: JobTokens;
  people: People;
  /** To be flushed when the process ends. */
  keyUses: KeyUses;
  audit: AuditStore;
  /** To be flushed when the process ends. */
  refusals: Refusals;

  /** What organisations and projects may have, and what they have. */
  limits: LimitParts;
  /** What a project takes, by its number; it reads all of its jobs, so an answer holds for a minute. */
  usage: Remembered<number, ProjectUsage>;

  jobs: Jobs;
  claims: ClaimStore;
  periodic: PeriodicJobs;
  webhooks: Webhooks;
  rules: JobRules;
  signals: Signals;
  queue: JobqView;
  /** Lists for people who search, and what is usual. */
  lists: JobLists;
  overview: OverviewView;
  /** Filters of jobs that people keep. */
  views: SavedViewStore;

  projects: ProjectStore;
  spiders: SpiderStore;
  versions: VersionStore;
  deploy: Deploy;
  variables: ProjectVariables;
  secretSettings: SecretSettings;
  eggs: EggStore;
  /** Throws `invalid` for a file that no deploy could unpack. */
  checkEgg(path: string): Promise<void>;
  releases: ReleaseStore;
  registryLogins: RegistryLogins;

  streams: StreamStore;
  blobs: BlobStore;
  collections: CollectionStore;
  frontiers: FrontierStore;
  activity: ActivityStore;
  eventLog: EventLog;
  /** What goes on while somebody listens. */
  live: Live;
  comments: CommentStore;
  reports: ReportStore;

  /** Scrapyd's own words for jobs, projects and users, which no other dialect shares. */
  scrapyd: { store: ScrapydStore; view: ScrapydView; users: ScrapydUsers; guests: ScrapydGuests };

  /** Uploads wait here; each has a directory of its own, which is gone when its request ends. */
  uploadDir: string;
  /** The largest item that is kept, bytes. */
  maxItemBytes: number;
  /** How far code of projects is kept away, in the words of `/readyz`. */
  isolation: string;
  log: Logger;
  now: () => Date;
}

export interface LimitParts {
  store: ServiceLimitStore;
  book: LimitBook;
  /** Null: requests are not counted. */
  rates: Rates | null;
  files: FileLimits;
}

/** What the parts stand on. Whoever opens a connection closes it. */
export interface Ground extends PeopleGround {
  /** For what may take as long as its reader does: long downloads must not starve everything else. */
  downloads: Database;
  /** A few connections for lists and counts that may take long. */
  searches: Database;
  signals: Signals;
  /** Tells that something may have happened; without it others' changes are seen a little later. */
  hints?: Hints | undefined;
  liveLimits?: RoomLimits | undefined;
  /** What organisations may have by default, and where all processes of the API count. Without it nothing is limited. */
  limits?: { defaults: ServiceLimits; counts: UsageCounts };
  inspector: EggInspector;
  /** Keys that secrets are stored with. */
  secretKeys: SecretKeys;
  /** Where streams and blobs are. */
  storage: Pick<Storage, 'streams' | 'blobs'>;
  uploadDir: string;
  /** The largest item that is kept, bytes. 16 MiB by default. */
  maxItemBytes?: number;
  /** See Parts. */
  isolation?: string;
}

function liveOf(
  { database, log, hints, liveLimits: limits }: Ground,
  parts: Pick<Parts, 'eventLog' | 'streams'>,
): Live {
  return createLive({ log, ...parts, looks: createProjectLooks(database), hints, limits });
}

/** Makes each part, on Postgres and what stores files. */
export async function createParts(ground: Ground): Promise<Parts> {
  const { database, downloads, searches, signals, inspector, secretKeys, storage, uploadDir, log } = ground;
  const versions = createVersionStore(database);
  const eggs = createEggStore(database);
  const blobs = inLedger(storage.blobs, createBlobLedger(database));
  const sealed = [createVariableStore(database), createSealedStore(database), secretKeys] as const;
  const variables = createVariables(...sealed);
  const tokens = createJobTokens(await sharedSecret(database, 'job-token'));
  const limits = limitParts(ground);
  const { book, store: pendingOf } = limits;
  const turns = ground.limits ? createTurns(book, PLACES) : NO_TURNS;
  const view = createJobView(database, searches, turns);
  const enforced = ground.limits && { book, pending: createPendingWatch(book, pendingOf) };
  const jobs = createJobs(
    createJobStore(database),
    { ...view, stream: createJobView(downloads, downloads, turns).stream },
    signals,
    enforced,
  );
  const eventLog = createEventLog(database);
  const projects = createProjectStore(database);
  const notes = notesOf(ground);
  return {
    access: createAccess(createAccessStore(database), undefined, { ...notes, uses: notes.keyUses }),
    jobAccess: createJobAccess(tokens, view),
    tokens,
    people: await peopleOf(ground, notes.refusals),
    ...notes,

    limits,
    // In the time of any other statement: `admin usage` has all the time that it needs.
    usage: usageOf(
      createUsageView(searches, (db, work) => work(db)),
      turns.searches,
    ),
    jobs,
    claims: createClaimStore(database),
    periodic: periodicJobs(database, enforced?.book),
    webhooks: createWebhooks({
      store: createWebhookStore(database),
      sealing: sealed[1],
      keysOf: secretKeys,
      limits: enforced?.book,
    }),
    rules: rulesOf(ground),
    signals,
    queue: createJobqView(database, searches, turns),
    lists: createJobLists(createJobSearchView(database), projects, present),
    overview: createOverviewView(database),
    views: createSavedViewStore(database),

    projects,
    spiders: createSpiderStore(database),
    versions,
    deploy: createDeploy({ inspector, blobs, versions, eggs, variables }),
    variables,
    secretSettings: createSecretSettings(...sealed),
    eggs,
    checkEgg: checkZip,
    releases: createReleaseStore(database),
    registryLogins: createRegistryLogins(...sealed),

    streams: storage.streams,
    blobs,
    collections: createCollectionStore(database),
    frontiers: createFrontierStore(database),
    activity: createActivityStore(database),
    eventLog,
    live: liveOf(ground, { eventLog, streams: storage.streams }),
    comments: createCommentStore(database),
    reports: createReportStore(database),

    scrapyd: scrapydParts(database, downloads, turns.downloads),
    uploadDir,
    maxItemBytes: ground.maxItemBytes ?? MAX_ITEM_BYTES,
    isolation: ground.isolation ?? 'none',
    log,
    now: present,
  };
}

function rulesOf({ database, mailer }: Ground): JobRules {
  return createJobRules({
    store: createRuleStore(database),
    versions: createVersionStore(database),
    webhooks: createWebhookStore(database),
    periodic: createPeriodicStore(database, createCron().zoneRules),
    notices: mailer ? createNoticeStore(database) : null,
  });
}

/** What is written down of who comes. */
function notesOf({ database, log }: Ground): Pick<Parts, 'audit' | 'refusals' | 'keyUses'> {
  const audit = createAuditStore(database);
  return {
    audit,
    refusals: createRefusals(audit, (err) =>
      log.warn({ err }, 'lines of the audit log wait for the database'),
    ),
    keyUses: createKeyUses(createKeyStore(database), (err) => log.debug({ err }, 'uses of keys are lost')),
  };
}

const present = () => new Date();

function periodicJobs(database: Database, limits?: LimitBook): PeriodicJobs {
  const cron = createCron();
  const store = createPeriodicStore(database, cron.zoneRules);
  return createPeriodicJobs({ store, cron, ...(limits && { limits }) });
}

function limitParts({ database, limits }: Ground): LimitParts {
  const store = createServiceLimitStore(database);
  const book = createLimitBook(store, limits?.defaults ?? NO_LIMITS);
  return {
    store,
    book,
    files: createFileLimits(book),
    rates: limits ? createRates(book, createMeter(limits.counts)) : null,
  };
}

function scrapydParts(database: Database, downloads: Database, turn: Turn): Parts['scrapyd'] {
  const long = createScrapydView(downloads);
  return {
    store: createScrapydStore(database),
    view: {
      ...createScrapydView(database),
      listing: (states, range, ...how) => inTurn(turn, range, () => long.listing(states, range, ...how)),
      jobs: (state, range, ...how) => inTurn(turn, range, () => long.jobs(state, range, ...how)),
    },
    users: createScrapydUsers(createScrapydUserStore(database)),
    guests: createScrapydGuests(createScrapydCallerStore(database)),
  };
}
