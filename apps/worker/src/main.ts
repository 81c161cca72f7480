import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createJobTokens, scrapySettings, TALLIES } from '@spiderhub/core';
import {
  createAttemptStore,
  createDatabase,
  createDispatchStore,
  createLeaderStore,
  createLeftoverStore,
  createProjectStore,
  createVersionStore,
  sharedSecret,
} from '@spiderhub/db';
import {
  createLogger,
  pipEnvironment,
  readConfig,
  redisOptions,
  runServices,
  type Service,
  WorkerConfig,
} from '@spiderhub/platform';
import {
  createSignalListener,
  createSignalSender,
  createTicketReceiver,
  createTicketSender,
} from '@spiderhub/queue';
import { createEnvironments, createForkServer, createProcessRunner } from '@spiderhub/runners';
import { createFsBlobStore, createFsStreamStore } from '@spiderhub/storage';
import { createHealth } from './health.ts';
import { createHeirs, type Heirs } from './heirs.ts';
import { createLeader } from './leader/leader.ts';
import { leaderTasks } from './leader/tasks.ts';
import { createHeartbeat } from './supervise/heartbeat.ts';
import { recount } from './supervise/streams/stored-counts.ts';
import { createSupervisor } from './supervise/supervisor.ts';
import { localSweeps } from './sweep/local-sweeps.ts';
import { createSweeper } from './sweep/sweeper.ts';
import { untilAnswered } from './until-answered.ts';
import { within } from './within.ts';
import { placeOf, takeWorkDirectory } from './work-directory.ts';

/** All statements of a worker are shorter, ms. */
const SILENCE_MS = 15_000;
/** How long servers may take to hear that we leave, ms. */
const CLOSE_MS = 2000;
/** What may follow the end of a crawl, until its outcome is recorded, ms. */
const FINISH_MS = 5000;

/** Composition root: reads the environment, opens what the worker needs and runs its services. */
async function main(): Promise<void> {
  const config = readConfig(WorkerConfig, process.env);
  const log = createLogger({ name: 'worker', level: config.LOG_LEVEL });
  const home = config.SPIDERHUB_HOME;
  const python = config.SPIDERHUB_PYTHON ?? join(home, 'python/bin/python');
  const leaseMs = config.LEASE_SECONDS * 1000;
  const graceMs = config.SHUTDOWN_GRACE_SECONDS * 1000;
  // A fresh id for each process start: a restarted worker must not be taken for its predecessor.
  const worker = { id: randomBytes(8).toString('hex'), host: hostname(), slots: config.WORKER_SLOTS };

  const database = createDatabase(config.DATABASE_URL, { name: 'spiderhub-worker', silenceMs: SILENCE_MS });
  // Life signs wait for nothing else, and for no answer so long that the next ones come too late.
  const vital = createDatabase(config.DATABASE_URL, {
    name: 'spiderhub-worker',
    maxConnections: 2,
    silenceMs: leaseMs / 3,
  });
  const redis = {
    redis: redisOptions(config.REDIS_URL),
    prefix: config.QUEUE_PREFIX,
    onError: (error: Error) => log.debug({ err: error }, 'redis'),
  };
  const tickets = createTicketSender(redis);
  const signals = createSignalSender(redis);
  const place = placeOf(worker.host);
  const workRoot = join(home, 'work', place);
  const work = await takeWorkDirectory(workRoot);
  const attempts = createAttemptStore(database);
  const versions = createVersionStore(database);
  const projects = createProjectStore(database);
  // Postgres may start at the same time as we do.
  const jobTokens = createJobTokens(await untilAnswered(() => sharedSecret(database, 'job-token'), log));

  const environments = createEnvironments({
    basePython: python,
    envsDir: join(home, 'envs'),
    baseRequirementsPath: config.SPIDERHUB_REQUIREMENTS,
    launcherDir: config.SPIDERHUB_LAUNCHER,
    env: pipEnvironment(process.env),
  });
  const note = (message: string, details?: Record<string, unknown>) => log.info(details ?? {}, message);
  const forkServer =
    config.CRAWL_START === 'fork'
      ? createForkServer({ python, launcherDir: config.SPIDERHUB_LAUNCHER, directory: work.path, log: note })
      : undefined;
  const runnerIn = (workDir: string) =>
    createProcessRunner({
      forkServer,
      python,
      launcherDir: config.SPIDERHUB_LAUNCHER,
      workDir,
      environments,
      blobs: createFsBlobStore({ root: join(home, 'data/blobs') }),
      log: note,
    });
  const runner = runnerIn(work.path);
  const heartbeat = createHeartbeat({ attempts: createAttemptStore(vital), worker, leaseMs, log });
  const streams = createFsStreamStore({ root: join(home, 'data/streams'), tallies: TALLIES });
  const supervisor = createSupervisor({
    workerId: worker.id,
    leaseMs,
    stopGraceMs: config.STOP_GRACE_SECONDS * 1000,
    attempts,
    streams,
    runner,
    heartbeat,
    findVersion: (project, name) => versions.find(project, name),
    projectSettings: async (project) => scrapySettings(await projects.settings(project)),
    signToken: (key) => jobTokens.sign(key),
    apiUrl: `${config.PUBLIC_URL}/api/`,
    storageUrl: `${config.PUBLIC_URL}/storage`,
    onFree: () => signals.wakeLeader(),
    log,
  });
  const leader = createLeader({
    store: createLeaderStore(vital),
    holder: `${worker.host}/${worker.id}`,
    tasks: leaderTasks({
      dispatch: createDispatchStore(database, { leaseMs }),
      tickets,
      recount: (ended) => recount(attempts, streams, ended),
      log,
    }),
    log,
  });

  const connections: Service = {
    name: 'connections',
    async start() {},
    async stop(deadline) {
      signals.close();
      const closed = Promise.all([tickets.close(), database.destroy(), vital.destroy()]);
      // Redis or Postgres may be away, and say nothing.
      await within(AbortSignal.any([deadline, AbortSignal.timeout(CLOSE_MS)]), closed).catch(() => undefined);
      await work.release();
    },
  };
  const crawls: Service = {
    name: 'crawls',
    async start() {
      for (const orphan of await runner.orphans()) void supervisor.adopt(orphan).catch(complain);
      heirs = createHeirs({ root: workRoot, everyMs: leaseMs / 6, inherit, onError: complain });
    },
    async stop(deadline) {
      heirs?.close();
      const how = config.WORKER_STOP_MODE === 'handover' ? 'handover' : 'requeue';
      if (config.WORKER_STOP_MODE === 'drain')
        await supervisor.idle(AbortSignal.any([deadline, AbortSignal.timeout(config.DRAIN_SECONDS * 1000)]));
      const patience = AbortSignal.any([deadline, AbortSignal.timeout(graceMs + FINISH_MS)]);
      await supervisor.shutdown({ how, graceMs, deadline: patience });
    },
  };
  let heirs: Heirs | null = null;

  /** Looks after the crawls in a folder whose worker died, until they are over. */
  async function inherit(path: string): Promise<void> {
    const orphans = await runnerIn(path).orphans();
    await Promise.all(orphans.map((orphan) => supervisor.adopt(orphan)));
  }

  const intake = createIntake();

  function createIntake(): Service {
    const closers: (() => unknown)[] = [];
    return {
      name: 'intake',
      async start() {
        const receiver = createTicketReceiver({
          ...redis,
          slots: worker.slots,
          work: (id, attempt) => supervisor.run(id, attempt),
        });
        const listener = createSignalListener({
          ...redis,
          onWake: () => leader.wake(),
          onStop: (id) => id === worker.id && heartbeat.soon(),
        });
        closers.push(
          () => within(AbortSignal.timeout(CLOSE_MS), receiver.close()).catch(() => undefined),
          () => listener.close(),
        );
        signals.wakeLeader();
      },
      async stop() {
        for (const close of closers.splice(0)) await close();
      },
    };
  }

  function complain(error: unknown): void {
    log.error({ err: error }, 'a crawl could not be taken over');
  }

  const sweeps = localSweeps({
    home,
    place,
    envsBytes: config.ENVS_BYTES,
    leftovers: createLeftoverStore(database),
    inherit,
  });
  const sweeper = createSweeper({ sweeps, log });
  const health = createHealth({ port: config.HEALTH_PORT, isWell: heartbeat.isWell, log });
  await runServices([connections, heartbeat, health, crawls, sweeper, leader, intake], {
    log,
    graceMs:
      graceMs +
      FINISH_MS +
      2 * CLOSE_MS +
      (config.WORKER_STOP_MODE === 'drain' ? config.DRAIN_SECONDS * 1000 : 0),
    onReady: () => {
      log.info(worker, 'worker is ready');
      process.send?.({ ready: true });
    },
  });
  // What waits for a server that is away would keep this process alive.
  process.exit();
}

void main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
