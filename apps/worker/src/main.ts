import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  type CrawlRunner,
  createJobTokens,
  createLimitBook,
  createPendingWatch,
  createPurge,
  createRegistryLogins,
  createSecretSettings,
  createVariables,
  readSecretKeys,
  type StreamStore,
} from '@spiderhub/core';
import { createCron } from '@spiderhub/cron';
import {
  createAttemptStore,
  createAuditStore,
  createBlobLedger,
  createDeliveryStore,
  createDispatchStore,
  createLeaderStore,
  createLeftoverStore,
  createNetworkStore,
  createNoticeStore,
  createPeriodicStore,
  createProjectStore,
  createReactionStore,
  createRetentionStore,
  createSealedStore,
  createSegmentIndex,
  createServiceLimitStore,
  createSpiderStore,
  createStorageUsageStore,
  createVariableStore,
  createVersionStore,
  databaseProblem,
  sharedSecret,
} from '@spiderhub/db';
import { sameRunKey } from '@spiderhub/hub';
import type { IsolationReport } from '@spiderhub/isolation';
import { createMailer } from '@spiderhub/mail';
import {
  createLogger,
  databaseAddress,
  engineEnvironment,
  keepPrivate,
  type Logger,
  limitDefaults,
  pipEnvironment,
  readConfig,
  runServices,
  type Service,
  secretsKeyText,
  untilAnswered,
  WorkerConfig,
} from '@spiderhub/platform';
import { createRedisGuard } from '@spiderhub/queue';
import { openStorage, type Storage } from '@spiderhub/storage';
import { CLOSE_MS, type Connections, openConnections } from './connections.ts';
import { createHealth } from './health.ts';
import { createIntake } from './intake/intake.ts';
import { openIsolation } from './isolation.ts';
import { createLeader, type Leader } from './leader/leader.ts';
import { keepHouse } from './leader/tasks/keep-house.ts';
import { keepObjects } from './leader/tasks/keep-objects.ts';
import { measureStorage } from './leader/tasks/measure-storage.ts';
import { keepCalendar, type PeriodicParts } from './leader/tasks/periodic.ts';
import { digest, forgetSent, lookForSilence } from './leader/tasks/reactions.ts';
import { leaderTasks } from './leader/tasks.ts';
import { limitsOfCrawls } from './limits.ts';
import { createPostman } from './mail/postman.ts';
import { openPods } from './pods.ts';
import { createRunners } from './runners.ts';
import { requestsFrom } from './supervise/crawl/crawl-request.ts';
import { createCrawls, inheritWith, stopMs } from './supervise/crawls.ts';
import { createHeartbeat, type Heartbeat } from './supervise/heartbeat.ts';
import { recount } from './supervise/streams/stored-counts.ts';
import { Supervisor } from './supervise/supervisor.ts';
import { localSweeps } from './sweep/local-sweeps.ts';
import { createSweeper } from './sweep/sweeper.ts';
import { createDeliverer, type Deliverer } from './webhooks/deliverer.ts';
import { createSender } from './webhooks/send.ts';
import { within } from './within.ts';
import { placeOf, takeWorkDirectory } from './work-directory.ts';

const DAY_MS = 24 * 3600_000;

/** Composition root: reads the environment, opens what the worker needs and runs its services. */
async function main(): Promise<void> {
  const config = readConfig(WorkerConfig, process.env);
  const log = createLogger({ name: 'worker', level: config.LOG_LEVEL });
  // A fresh id for each process start: a restarted worker must not be taken for its predecessor.
  const worker = { id: randomBytes(8).toString('hex'), host: hostname(), slots: config.WORKER_SLOTS };
  const leaseMs = config.LEASE_SECONDS * 1000;
  const stopping = stoppingOf(config);

  const connections = openConnections(config, log);
  const home = config.SPIDERHUB_HOME;
  for (const words of keepPrivate(home)) log.warn(words);
  const place = placeOf(worker.host);
  const workRoot = join(home, 'work', place);
  const folder = await takeWorkDirectory(workRoot);
  const networks = createNetworkStore(connections.database);
  const { network, ...isolation } = await openIsolation({ config, folder: folder.path, networks, log });
  const { report } = isolation.boxing;
  const storage = storageOf(config, connections, log);
  const programs = { pipEnv: pipEnvironment(process.env), engineEnv: engineEnvironment(process.env) };
  const own = { ...programs, ...isolation, ownFolder: folder.path, blobs: storage.blobs };
  const runnerIn = createRunners({ config, ...own, log });
  const runner = runnerIn(folder.path);
  const vital = createAttemptStore(connections.vital);
  const heartbeat = createHeartbeat({
    attempts: vital,
    worker: { ...worker, isolation: report },
    leaseMs,
    log,
  });
  const parts = { config, connections, storage, streams: storage.streams, log };
  const jobSecret = () => untilAnswered(() => sharedSecret(connections.database, 'job-token'), log);
  const pods = await openPods({ config, blobs: storage.blobs, secret: jobSecret, log });
  const supervisor = await makeSupervisor(parts, {
    workerId: worker.id,
    runner: pods?.beside(runner) ?? runner,
    heartbeat,
    isolation: report,
  });
  const leader = makeLeader(parts, worker);
  const deliverer = makeDeliverer(parts);
  const inherit = inheritWith(supervisor, runnerIn);
  const { database, signals, redis } = connections;

  const services = [
    { name: 'folder', start: async () => {}, stop: () => folder.release() },
    limitsOfCrawls(isolation.limiting, workRoot),
    network,
    connections.service,
    createRedisGuard(redis.redis, giveUp),
    settling(storage),
    heartbeat,
    createHealth({ port: config.HEALTH_PORT, isWell: heartbeat.isWell, isolation: report, log }),
    ...(pods ? [pods.service(supervisor)] : []),
    createCrawls({ supervisor, runner, workRoot, inherit, stopping, leaseMs, log }),
    sweeperOf(config, { place, database, inherit, log }),
    leader,
    deliverer,
    ...postmen(parts),
    createIntake({
      redis,
      worker,
      work: (id, attempt) => supervisor.run(id, attempt),
      onWake: () => leader.wake(),
      onStop: () => heartbeat.soon(),
      onEvent: () => deliverer.soon(),
      onOpen: () => signals.wakeLeader(),
    }),
  ];
  await runServices(services, {
    log,
    graceMs: stopMs(stopping) + 2 * CLOSE_MS,
    onReady: () => {
      log.info(worker, 'worker is ready');
      process.send?.({ ready: true, isolation: report });
    },
  });
  // What waits for a server that is away would keep this process alive.
  process.exit();
}

function storageOf(config: WorkerConfig, { database }: Connections, log: Logger): Storage {
  const onError = (err: unknown) => log.warn({ err }, 'an object could not be stored yet');
  const storage = openStorage(config, { index: createSegmentIndex(database), onError });
  void storage.ping().catch((err: unknown) => log.warn({ err }, 'the storage cannot be used'));
  return storage;
}

/** What is being written on the side is written before connections close, if there is time. */
function settling(storage: Storage): Service {
  return {
    name: 'objects',
    start: async () => {},
    stop: (deadline) => within(deadline, storage.settled()).catch(() => undefined),
  };
}

function sweeperOf(
  config: WorkerConfig,
  own: {
    place: string;
    database: Connections['database'];
    inherit: (path: string) => Promise<void>;
    log: Logger;
  },
): Service {
  const { place, database, inherit, log } = own;
  const sweeps = localSweeps({
    home: config.SPIDERHUB_HOME,
    place,
    envsBytes: config.ENVS_BYTES,
    leftovers: createLeftoverStore(database),
    inherit,
  });
  return createSweeper({ sweeps, log });
}

function stoppingOf(config: WorkerConfig) {
  return {
    mode: config.WORKER_STOP_MODE,
    drainMs: config.DRAIN_SECONDS * 1000,
    graceMs: config.SHUTDOWN_GRACE_SECONDS * 1000,
  };
}

interface Parts {
  config: WorkerConfig;
  connections: Connections;
  storage: Storage;
  streams: StreamStore;
  log: Logger;
}

async function makeSupervisor(
  { config, connections, streams, log }: Parts,
  own: {
    workerId: string;
    runner: Pick<CrawlRunner, 'start'>;
    heartbeat: Heartbeat;
    isolation: IsolationReport;
  },
): Promise<Supervisor> {
  const { database, signals } = connections;
  // Postgres may start at the same time as we do.
  const problem = await untilAnswered(() => databaseProblem(databaseAddress(config)), log);
  if (problem) throw new Error(problem);
  const secret = await untilAnswered(() => sharedSecret(database, 'job-token'), log);
  const sealed = [
    createVariableStore(database),
    createSealedStore(database),
    async () => readSecretKeys(await secretsKeyText(config)) ?? [],
  ] as const;
  return new Supervisor({
    ...own,
    leaseMs: config.LEASE_SECONDS * 1000,
    stopGraceMs: config.STOP_GRACE_SECONDS * 1000,
    attempts: createAttemptStore(database, limitDefaults(config)),
    streams,
    requestOf: requestsFrom({
      versions: createVersionStore(database),
      projects: createProjectStore(database),
      spiders: createSpiderStore(database),
      variables: createVariables(...sealed),
      secretSettings: createSecretSettings(...sealed),
      registryLogins: createRegistryLogins(...sealed),
      tokens: createJobTokens(secret),
      publicUrl: config.PUBLIC_URL,
    }),
    onStart: () => signals.happened(),
    onFree: () => signals.wakeLeader(),
    log,
  });
}

function makeLeader(
  { config, connections, storage, streams, log }: Parts,
  { id, host }: { id: string; host: string },
): Leader {
  const { database, vital, tickets } = connections;
  const attempts = createAttemptStore(database);
  const periodic = periodicParts(config, connections);
  const reactions = {
    reactions: createReactionStore(database, { canMail: config.SMTP_URL !== undefined }),
    pending: periodic.pending,
    deliveries: createDeliveryStore(database),
    notices: createNoticeStore(database),
    onDeliveries: () => connections.signals.happened(),
    onScheduled: () => connections.signals.wakeLeader(),
  };
  return createLeader({
    store: createLeaderStore(vital),
    holder: `${host}/${id}`,
    tasks: leaderTasks({
      dispatch: createDispatchStore(database, {
        leaseMs: config.LEASE_SECONDS * 1000,
        runningJobs: limitDefaults(config).runningJobs,
      }),
      tickets,
      recount: (ended) => recount(attempts, streams, ended),
      periodic,
      reactions,
      chores: [
        ...keepHouse({
          purge: createPurge(createRetentionStore(database), streams, config.DELETE_GRACE_DAYS * DAY_MS),
          blobs: storage.blobs,
          ledger: createBlobLedger(database),
          leftovers: createLeftoverStore(database),
          eventsMs: config.EVENTS_DAYS * DAY_MS,
          audit: createAuditStore(database),
          auditMs: config.AUDIT_DAYS * DAY_MS,
        }),
        ...(storage.objects ? keepObjects(storage.objects.keeper) : []),
        ...keepCalendar(periodic),
        digest(reactions),
        lookForSilence(reactions),
        ...forgetSent(reactions),
      ],
      measuring: measureStorage({
        usage: createStorageUsageStore(database),
        streams,
        foldersDir: join(config.SPIDERHUB_HOME, 'data/folders'),
      }),
      log,
    }),
    log,
  });
}

function makeDeliverer({ config, connections, log }: Parts): Deliverer {
  return createDeliverer({
    store: createDeliveryStore(connections.database),
    send: createSender({ allowNetworks: config.WEBHOOK_ALLOW_NETWORKS }),
    keysOf: async () => readSecretKeys(await secretsKeyText(config)) ?? [],
    log,
  });
}

/** Nobody, where no mail server is set up. */
function postmen({ config, connections, log }: Parts): Service[] {
  const mailer = createMailer(config);
  const store = createNoticeStore(connections.database);
  return mailer ? [createPostman({ store, mailer, site: config.SITE_URL, log })] : [];
}

function periodicParts(config: WorkerConfig, { database, signals }: Connections): PeriodicParts {
  const cron = createCron();
  const limits = createServiceLimitStore(database);
  return {
    store: createPeriodicStore(database, cron.zoneRules),
    // Scripts differ by their command line, as they do when people schedule them.
    rules: {
      cron,
      uniqueKey: ({ spider, args, command }) =>
        sameRunKey(spider, command ? { ...args, cmd_args: JSON.stringify(command) } : args),
    },
    signals,
    pending: createPendingWatch(createLimitBook(limits, limitDefaults(config)), limits),
  };
}

/** What cannot work is not tried for ever. */
function giveUp(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

void main().catch((error: unknown) => giveUp(error instanceof Error ? error.message : String(error)));
