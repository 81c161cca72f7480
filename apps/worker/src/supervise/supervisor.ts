import {
  type AttemptStore,
  type ClaimedJob,
  type CrawlRunner,
  formatJobKey,
  type JobDetails,
  masker,
  type Orphan,
  type RunningCrawl,
  type SecretSources,
  type StreamStore,
  secretsOf,
} from '@spiderhub/core';
import type { IsolationReport } from '@spiderhub/isolation';
import { type Logger, monotonicMs, untilAnswered } from '@spiderhub/platform';
import { LRUCache } from 'lru-cache';
import type { Care } from './crawl/care.ts';
import type { RequestOf } from './crawl/crawl-request.ts';
import { endCrawl } from './crawl/end-crawl.ts';
import { followCrawl } from './crawl/follow-crawl.ts';
import { reportFailure } from './crawl/report-failure.ts';
import { salvage } from './crawl/salvage.ts';
import { type Heartbeat, lifeOf } from './heartbeat.ts';
import { Holding } from './lease/holding.ts';
import type { Recorder } from './streams/recorder.ts';
import { WorkInHand } from './work-in-hand.ts';

export interface SupervisorOptions {
  workerId: string;
  leaseMs: number;
  /** How long a crawl may take to end that was asked to, ms. */
  stopGraceMs: number;
  attempts: AttemptStore;
  streams: StreamStore;
  runner: Pick<CrawlRunner, 'start'>;
  heartbeat: Pick<Heartbeat, 'hold' | 'drop'>;
  requestOf: RequestOf;
  /** What crawls of this worker are given, for the metadata of their jobs. */
  isolation: IsolationReport;
  /** An attempt began. */
  onStart?: () => void;
  /** A slot became free. */
  onFree: () => void;
  log: Logger;
}

/** Of so many jobs a worker knows the last attempt that it began: more than have tickets at any time. */
const REMEMBERED = 100_000;

/** What becomes of the crawls when their worker is stopped. */
export interface Stopping {
  /** `requeue`: they are asked to end, and their jobs go back to the queue. `handover`: they go on without us. */
  how: 'requeue' | 'handover';
  /** How long crawls may take to end, ms. */
  graceMs: number;
  /** Aborts when this process has to go, whatever is left undone: a successor finds it. */
  deadline: AbortSignal;
}

/** An attempt that is ours. */
interface Won {
  job: ClaimedJob;
  /** The lease in the database ends later than this moment of the monotonic clock, ms. */
  liveUntilMs: number;
  /** Another worker process had it before. */
  isInherited?: boolean;
}

interface Begun {
  crawl: RunningCrawl;
  mask: Care['mask'];
}

interface Held {
  holding: Holding;
  /** Null until the crawl is followed. */
  recorder: Recorder | null;
}

/** Runs attempts from claim to outcome. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #held = new Set<Held>();
  readonly #work = new WorkInHand();
  /** The last attempt of each job that began here. */
  readonly #begun = new LRUCache<number, number>({ max: REMEMBERED });
  readonly #leaving = new AbortController();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Works on a ticket until the attempt is over; returns at once when it is not to be had. */
  async run(id: number, attempt: number): Promise<void> {
    // A ticket that comes twice is sent again as long as nobody claims it.
    if (this.#work.has(id)) return;
    // So does one whose crawl ended with our lease, until that has lapsed in the database, too: claiming would give it
    // to us once more, as to somebody who asks again after a broken connection.
    if (this.#begun.get(id) === attempt) return;
    const { attempts, workerId, leaseMs } = this.#options;
    await this.#work.track(id, async () => {
      const won = await this.#win(() => attempts.claim(id, attempt, workerId, leaseMs));
      if (won === null) return;
      this.#begun.set(id, attempt);
      const { job } = won;
      this.#logOf(job).info({ spider: job.spiderName, version: job.version }, 'job started');
      this.#options.onStart?.();
      await this.#hold(won, (holding) => this.#begin(job, holding));
    });
  }

  /** Takes over what another worker process of this machine left behind; returns when that is over. */
  async adopt(orphan: Orphan): Promise<void> {
    const { attempts, streams, workerId, leaseMs, log } = this.#options;
    await this.#work.track(orphan.id, async () => {
      const won = await this.#win(() => attempts.adopt(orphan.id, orphan.attempt, workerId, leaseMs));
      if (won === null) return salvage(orphan, { attempts, streams, log, giveUp: this.#leaving.signal });
      this.#begun.set(orphan.id, orphan.attempt);
      this.#logOf(won.job).info('job taken over');
      await this.#hold({ ...won, isInherited: true }, async () => ({
        mask: await this.#maskOf(won.job),
        crawl: await orphan.adopt(),
      }));
    });
  }

  /** Resolves when nothing runs, or at the signal. */
  idle(signal: AbortSignal): Promise<void> {
    return this.#work.idle(signal);
  }

  /** Lets go of every crawl; returns when that is done. */
  async shutdown({ how, graceMs, deadline }: Stopping): Promise<void> {
    if (how === 'handover') await this.#handOver();
    else for (const { holding } of this.#held) holding.shutDown(graceMs);
    if (how === 'requeue') await this.idle(deadline);
    this.#leaving.abort();
    if (!this.#work.isEmpty()) await this.#handOver();
  }

  async #handOver(): Promise<void> {
    for (const { holding } of this.#held) holding.leave();
    await Promise.allSettled([...this.#held].map(async ({ recorder }) => recorder?.leave()));
  }

  /** Asks until Postgres answers: an attempt that was won without our knowing would cost a whole lease. */
  async #win(ask: () => Promise<ClaimedJob | null>): Promise<Won | null> {
    const { leaseMs, log } = this.#options;
    let askedAt = 0;
    const job = await untilAnswered(
      () => {
        askedAt = monotonicMs();
        return ask();
      },
      log,
      this.#leaving.signal,
    );
    return job && { job, liveUntilMs: askedAt + lifeOf(leaseMs) };
  }

  async #begin(job: JobDetails, holding: Holding): Promise<Begun> {
    this.#noteIsolation(job);
    const request = await this.#options.requestOf(job);
    const crawl = await this.#options.runner.start({
      ...request,
      leaseMs: holding.liveUntilMs - monotonicMs(),
    });
    return { crawl, mask: masker(secretsOf(request)) };
  }

  /** For a crawl that runs already. Not knowing what its project was given must not end it. */
  async #maskOf(job: JobDetails): Promise<Begun['mask']> {
    const alone: SecretSources = { job, projectSettings: {}, spiderSettings: {}, jobToken: '' };
    return masker(secretsOf(await this.#options.requestOf(job).catch(() => alone)));
  }

  /** In the job's metadata: the level, and the names of the parts that are missing. Nobody waits for it. */
  #noteIsolation(job: JobDetails): void {
    const { attempts, isolation } = this.#options;
    const missing = isolation.missing.map(({ part }) => part);
    attempts
      .note(job.id, job.attempt, '_isolation', JSON.stringify({ level: isolation.level, missing }))
      .catch((error: unknown) => this.#logOf(job).warn({ err: error }, 'isolation not noted'));
  }

  /** Holds the lease while `begin` makes a crawl and until that crawl is over. */
  async #hold(won: Won, begin: (holding: Holding) => Promise<Begun>): Promise<void> {
    const { attempts, streams, heartbeat, stopGraceMs, onFree } = this.#options;
    const { job, isInherited = false } = won;
    const log = this.#logOf(job);
    const holding = new Holding(job, { graceMs: stopGraceMs }, log);
    holding.confirmed(won.liveUntilMs);
    const held: Held = { holding, recorder: null };
    this.#held.add(held);
    heartbeat.hold(holding);
    const care: Care = {
      job,
      isInherited,
      holding,
      attempts,
      streams,
      log,
      mask: (line) => line,
      giveUp: this.#leaving.signal,
    };
    let crawl: RunningCrawl | null = null;
    try {
      ({ crawl, mask: care.mask } = await begin(holding));
      holding.attach(crawl);
      const followed = await followCrawl(crawl, care, (recorder) => {
        held.recorder = recorder;
      });
      await endCrawl(crawl, care, followed);
    } catch (error) {
      await reportFailure(crawl, care, error);
    } finally {
      this.#held.delete(held);
      heartbeat.drop(holding);
      holding.over();
      onFree();
    }
  }

  #logOf({ key, attempt, requestId }: JobDetails): Logger {
    const fields = { job: formatJobKey(key), attempt, ...(requestId !== null && { requestId }) };
    return this.#options.log.child(fields);
  }
}
