import {
  type AttemptStore,
  type ClaimedJob,
  type CrawlRunner,
  formatJobKey,
  type JobDetails,
  type JobKey,
  type Orphan,
  type RunningCrawl,
  type StreamStore,
  type Version,
} from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import { untilAnswered } from '../until-answered.ts';
import { within } from '../within.ts';
import { endCrawl } from './crawl/end-crawl.ts';
import { followCrawl } from './crawl/follow-crawl.ts';
import { reportFailure } from './crawl/report-failure.ts';
import { salvage } from './crawl/salvage.ts';
import { type Heartbeat, lifeOf } from './heartbeat.ts';
import { type Holding, holdAttempt } from './lease/holding.ts';
import { monotonicMs } from './lease/monotonic.ts';
import type { Recorder } from './streams/recorder.ts';

export interface SupervisorOptions {
  workerId: string;
  leaseMs: number;
  stopGraceMs: number;
  attempts: AttemptStore;
  streams: StreamStore;
  runner: CrawlRunner;
  heartbeat: Heartbeat;
  findVersion: (project: number, name: string) => Promise<Version | null>;
  projectSettings: (project: number) => Promise<Record<string, string>>;
  signToken: (key: JobKey) => string;
  apiUrl: string;
  storageUrl: string;
  /** A slot became free. */
  onFree: () => void;
  log: Logger;
}

/** What becomes of the crawls when their worker is stopped. */
export interface Stopping {
  /** `requeue`: they are asked to end, and their jobs go back to the queue. `handover`: they go on without us. */
  how: 'requeue' | 'handover';
  /** How long crawls may take to end, ms. */
  graceMs: number;
  /** Aborts when this process has to go, whatever is left undone: a successor finds it. */
  deadline: AbortSignal;
}

/** Runs attempts from claim to outcome. */
export interface Supervisor {
  /** Works on a ticket; returns at once when the attempt is not to be had. */
  run(id: number, attempt: number): Promise<void>;
  /** Takes over what another worker process of this machine left behind; returns when that is over. */
  adopt(orphan: Orphan): Promise<void>;
  /** Resolves when nothing runs, or at the signal. */
  idle(signal: AbortSignal): Promise<void>;
  /** Lets go of every crawl; returns when that is done. */
  shutdown(stopping: Stopping): Promise<void>;
}

interface Held {
  holding: Holding;
  recorder: Recorder | null;
}

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { attempts, runner, streams, heartbeat, leaseMs, workerId } = options;
  const held = new Set<Held>();
  const working = new Set<Promise<void>>();
  /** How often each job is in work. The attempt before must be over here before the next one may begin here. */
  const jobs = new Map<number, number>();
  const leaving = new AbortController();

  function logOf(job: JobDetails): Logger {
    const { attempt, requestId } = job;
    return options.log.child({
      job: formatJobKey(job.key),
      attempt,
      ...(requestId !== null && { requestId }),
    });
  }

  /** Holds the lease while `begin` makes a crawl and until that crawl is over. */
  async function hold(won: Won, begin: (holding: Holding) => Promise<RunningCrawl>): Promise<void> {
    const { job } = won;
    const log = logOf(job);
    const holding = holdAttempt(job, { graceMs: options.stopGraceMs }, log);
    holding.confirmed(won.liveUntilMs);
    const one: Held = { holding, recorder: null };
    held.add(one);
    heartbeat.hold(holding);
    let crawl: RunningCrawl | null = null;
    const common = { job, streams, attempts, holding, log, giveUp: leaving.signal };
    try {
      crawl = await begin(holding);
      holding.attach(crawl);
      const onFollowed = (recorder: Recorder) => {
        one.recorder = recorder;
      };
      const followed = await followCrawl(crawl, { ...common, onFollowed });
      await endCrawl({ ...common, crawl, followed });
    } catch (error) {
      await reportFailure({ ...common, crawl, error });
    } finally {
      held.delete(one);
      heartbeat.drop(holding);
      holding.over();
      options.onFree();
    }
  }

  async function begin(job: JobDetails, holding: Holding): Promise<RunningCrawl> {
    const version = job.version === null ? null : await options.findVersion(job.key.project, job.version);
    const projectSettings = await options.projectSettings(job.key.project);
    return runner.start({
      job,
      version,
      projectSettings,
      jobToken: options.signToken(job.key),
      apiUrl: options.apiUrl,
      storageUrl: options.storageUrl,
      leaseMs: holding.liveUntilMs - monotonicMs(),
    });
  }

  interface Won {
    job: ClaimedJob;
    /** The lease in the database ends later than this moment of the monotonic clock, ms. */
    liveUntilMs: number;
  }

  /** Asks until Postgres answers: an attempt that was won without our knowing would cost a whole lease. */
  async function win(ask: () => Promise<ClaimedJob | null>): Promise<Won | null> {
    let askedAt = 0;
    const job = await untilAnswered(
      () => {
        askedAt = monotonicMs();
        return ask();
      },
      options.log,
      leaving.signal,
    );
    return job && { job, liveUntilMs: askedAt + lifeOf(leaseMs) };
  }

  function tracked(id: number, work: () => Promise<void>): Promise<void> {
    jobs.set(id, (jobs.get(id) ?? 0) + 1);
    const promise = work().finally(() => {
      const left = (jobs.get(id) ?? 0) - 1;
      if (left > 0) jobs.set(id, left);
      else jobs.delete(id);
      working.delete(promise);
    });
    working.add(promise);
    return promise;
  }

  async function idle(signal: AbortSignal): Promise<void> {
    while (working.size > 0 && !signal.aborted)
      await within(signal, Promise.allSettled(working)).catch(() => undefined);
  }

  async function handOver(): Promise<void> {
    for (const { holding } of held) holding.leave();
    const recorders = [...held].map((one) => one.recorder).filter((recorder) => recorder !== null);
    await Promise.allSettled(recorders.map((recorder) => recorder.leave()));
  }

  return {
    async run(id, attempt) {
      // A ticket that comes twice is sent again as long as nobody claims it.
      if (jobs.has(id)) return;
      await tracked(id, async () => {
        const won = await win(() => attempts.claim(id, attempt, workerId, leaseMs));
        if (won === null) return;
        const { job } = won;
        logOf(job).info({ spider: job.spiderName, version: job.version }, 'job started');
        await hold(won, (holding) => begin(job, holding));
      });
    },

    async adopt(orphan) {
      await tracked(orphan.id, async () => {
        const won = await win(() => attempts.adopt(orphan.id, orphan.attempt, workerId, leaseMs));
        if (won === null)
          return salvage(orphan, { attempts, streams, log: options.log, giveUp: leaving.signal });
        logOf(won.job).info('job taken over');
        await hold(won, () => orphan.adopt());
      });
    },

    idle,

    async shutdown({ how, graceMs, deadline }) {
      if (how === 'handover') await handOver();
      else for (const { holding } of held) holding.shutDown(graceMs);
      if (how === 'requeue') await idle(deadline);
      leaving.abort();
      if (working.size > 0) await handOver();
    },
  };
}
