import {
  type AttemptStore,
  type ClaimedJob,
  type CrawlRequest,
  DomainError,
  type EndAnswer,
  type FinishReport,
  type MessageCounts,
  type Orphan,
  type PipeMessage,
  type RunningCrawl,
  type StreamStore,
  serviceErrors,
} from '@spiderhub/core';
import { createLogger } from '@spiderhub/platform';
import type { HeldAttempt } from './heartbeat.ts';
import { Supervisor } from './supervisor.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const NOTHING: MessageCounts = { ITM: 0, LOG: 0, REQ: 0, STA: 0, FIN: 0 };
const LEASE_MS = 60_000;

function job(id: number): ClaimedJob {
  return {
    id,
    attempt: 1,
    key: { project: 1, spider: 1, job: id },
    spiderName: 'a',
    version: '1.0',
    requestId: null,
    command: null,
    counts: { items: 0, pages: 0, logs: 0, errors: 0 },
    settings: {},
    environment: {},
    args: {},
    policy: {},
    runningAt: new Date(),
  } as unknown as ClaimedJob;
}

/** A crawl that goes on until a test, or somebody who stops it, ends it. */
class FakeCrawl {
  readonly heard: string[] = [];
  readonly resumedAt = NOTHING;
  readonly stoppedFor = null;
  isCleanedUp = false;
  readonly exited: Promise<{ code: number; signal: null; deadlinePassed: false }>;
  readonly #said: PipeMessage[] = [];
  #isOver = false;
  #wake = () => {};
  #exit = () => {};

  constructor() {
    this.exited = new Promise((resolve) => {
      this.#exit = () => resolve({ code: 0, signal: null, deadlinePassed: false });
    });
  }

  says(command: PipeMessage['command'], payload: string): this {
    this.#said.push({ command, payload: Buffer.from(payload) });
    this.#wake();
    return this;
  }

  ends(): void {
    this.#isOver = true;
    this.#wake();
    this.#exit();
  }

  async *messages() {
    for (;;) {
      while (this.#said.length > 0) yield this.#said.splice(0);
      if (this.#isOver) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async stop(reason?: string) {
    this.heard.push(`stop ${reason}`);
    this.ends();
  }

  async kill() {
    this.heard.push('kill');
    this.ends();
  }

  async cleanUp() {
    this.isCleanedUp = true;
  }

  async checkpoint() {}
  async extend() {}
}

/** A worker with one crawl, and all that it says about it. */
function setUp({ attempts = {}, start, flush }: Faults = {}) {
  const crawl = new FakeCrawl();
  const reports: FinishReport[] = [];
  const recounted: unknown[] = [];
  const notes: unknown[] = [];
  const requests: CrawlRequest[] = [];
  const held = new Set<HeldAttempt>();
  const readable: string[] = [];
  let claims = 0;
  let freed = 0;
  const store = {
    claim: async (id: number) => {
      claims += 1;
      return job(id);
    },
    adopt: async (id: number) => job(id),
    findEnded: async () => null,
    saveStats: async () => {},
    note: async (...noted: unknown[]) => void notes.push(noted),
    recount: async (...what: unknown[]) => void recounted.push(what),
    finish: async (_id: number, _attempt: number, report: FinishReport): Promise<EndAnswer> => {
      reports.push(report);
      return 'finished';
    },
    ...attempts,
  } as unknown as AttemptStore;
  const openWriter = async () => {
    const pending: string[] = [];
    const write = async () => {
      await flush?.();
      readable.push(...pending.splice(0));
    };
    return {
      end: 0,
      stats: { end: 0, records: readable.length, bytes: 0, counts: {} },
      append: (lines: Buffer[]) => void pending.push(...lines.map(String)),
      flush: write,
      seal: write,
    };
  };
  const supervisor = new Supervisor({
    workerId: 'w',
    leaseMs: LEASE_MS,
    stopGraceMs: 1000,
    attempts: store,
    streams: { openWriter, stats: async () => null } as unknown as StreamStore,
    runner: {
      start: async (request) => {
        requests.push(request);
        await start?.();
        return crawl as unknown as RunningCrawl;
      },
    },
    heartbeat: { hold: (one) => void held.add(one), drop: (one) => void held.delete(one) },
    requestOf: async (of) => ({ job: of, projectSettings: {}, jobToken: '' }) as unknown as CrawlRequest,
    isolation: { level: 'box', missing: [{ part: 'disk', words: 'It is watched.' }] },
    onFree: () => {
      freed += 1;
    },
    log,
  });
  const counted = () => ({ claims, freed, held: held.size });
  return { supervisor, crawl, reports, notes, recounted, requests, readable, held, counted };
}

interface Faults {
  attempts?: Partial<Record<keyof AttemptStore, unknown>>;
  start?: () => Promise<void>;
  flush?: () => Promise<void>;
}

function away(): never {
  throw serviceErrors.unavailable('the database', new Error('away'));
}

/** Lets what is due happen. */
const settle = () => jest.advanceTimersByTimeAsync(1);
const NEVER = new AbortController().signal;

describe('a supervisor', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('runs an attempt from claim to outcome, and holds its lease meanwhile', async () => {
    const { supervisor, crawl, reports, notes, requests, counted } = setUp();
    const run = supervisor.run(1, 1);
    await settle();
    expect(counted()).toEqual({ claims: 1, freed: 0, held: 1 });
    expect(requests[0]?.leaseMs).toBeGreaterThan(LEASE_MS / 2);
    crawl.says('LOG', '"a"').says('FIN', '{"outcome":"finished"}').ends();
    await run;
    expect(reports).toMatchObject([{ closeReason: 'finished', exitStatus: '0' }]);
    expect([crawl.isCleanedUp, counted()]).toEqual([true, { claims: 1, freed: 1, held: 0 }]);
    expect(notes).toEqual([[1, 1, '_isolation', '{"level":"box","missing":["disk"]}']]);
  });

  it('claims once when a ticket comes twice, and starts nothing that is not to be had', async () => {
    const twice = setUp();
    const run = twice.supervisor.run(1, 1);
    await twice.supervisor.run(1, 1);
    twice.crawl.ends();
    await run;
    expect(twice.counted().claims).toBe(1);
    const late = setUp({ attempts: { claim: async () => null } });
    await late.supervisor.run(1, 1);
    expect([late.requests, late.reports]).toEqual([[], []]);
  });

  it('begins an attempt once, also when its ticket comes again after the crawl ended unheard', async () => {
    const { supervisor, crawl, requests, counted } = setUp({ attempts: { finish: async () => 'fenced' } });
    const run = supervisor.run(1, 1);
    crawl.ends();
    await run;
    await supervisor.run(1, 1);
    expect([counted().claims, requests.length]).toEqual([1, 1]);
    const next = supervisor.run(1, 2);
    await next;
    expect(counted().claims).toBe(2);
  });

  it('asks until Postgres answers whose an attempt is, and counts the lease from the question that was answered', async () => {
    let asked = 0;
    const claim = async (id: number) => (++asked < 4 ? away() : job(id));
    const { supervisor, crawl, requests } = setUp({ attempts: { claim } });
    const run = supervisor.run(1, 1);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(asked).toBe(4);
    expect(requests[0]?.leaseMs).toBeGreaterThan(LEASE_MS / 2);
    crawl.ends();
    await run;
  });

  it('reports the end of a crawl when Postgres is back, and keeps its directory until then', async () => {
    let asked = 0;
    const finish = async () => (++asked < 4 ? away() : 'finished');
    const { supervisor, crawl } = setUp({ attempts: { finish } });
    const run = supervisor.run(1, 1);
    crawl.ends();
    await settle();
    expect([asked, crawl.isCleanedUp]).toEqual([1, false]);
    await jest.advanceTimersByTimeAsync(60_000);
    await run;
    expect([asked, crawl.isCleanedUp]).toEqual([4, true]);
  });

  it.each<[string, Error, string]>([
    ['its owner has to mend', new DomainError('invalid', 'bad_egg', 'egg: not a ZIP file'), 'failed'],
    ['is our own fault', new Error('no such file'), 'lost'],
    ['comes from a full disk', Object.assign(new Error('full'), { code: 'ENOSPC' }), 'diskusage_exceeded'],
  ])('ends an attempt that cannot be started: what %s', async (_, error, closeReason) => {
    const start = () => Promise.reject(error);
    const { supervisor, reports, readable, counted } = setUp({ start });
    await supervisor.run(1, 1);
    expect(reports).toMatchObject([{ closeReason }]);
    expect(readable.join()).toContain('The crawl could not be started');
    expect(counted()).toMatchObject({ freed: 1, held: 0 });
  });

  it('ends a crawl whose records cannot be stored', async () => {
    const flush = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    const { supervisor, crawl, reports } = setUp({ flush });
    const run = supervisor.run(1, 1);
    crawl.says('LOG', '"a"');
    await settle();
    crawl.says('LOG', '"b"');
    await run;
    expect(crawl.heard).toEqual(['kill']);
    expect(reports).toMatchObject([{ closeReason: 'diskusage_exceeded' }]);
  });

  it('reports nothing of an attempt that was fenced, but corrects its counts', async () => {
    const { supervisor, crawl, reports, recounted, held } = setUp();
    const run = supervisor.run(1, 1);
    await settle();
    for (const one of held) one.fenced();
    await run;
    expect([crawl.heard, reports, recounted.length, crawl.isCleanedUp]).toEqual([['kill'], [], 1, true]);
  });

  describe('that is stopped', () => {
    it('asks crawls to end and waits for their reports', async () => {
      const { supervisor, crawl, reports } = setUp();
      const run = supervisor.run(1, 1);
      await settle();
      await supervisor.shutdown({ how: 'requeue', graceMs: 1000, deadline: NEVER });
      await run;
      expect(crawl.heard).toEqual(['stop shutdown']);
      expect(reports).toMatchObject([{ closeReason: 'shutdown' }]);
    });

    it('leaves crawls to a successor: what they said is stored, and nothing is reported', async () => {
      const { supervisor, crawl, reports, readable } = setUp();
      const run = supervisor.run(1, 1);
      crawl.says('LOG', '"a"');
      await settle();
      crawl.says('LOG', '"b"');
      await settle();
      await supervisor.shutdown({ how: 'handover', graceMs: 1000, deadline: NEVER });
      expect(readable).toEqual(['"a"', '"b"']);
      crawl.ends();
      await run;
      expect([crawl.heard, reports, crawl.isCleanedUp]).toEqual([[], [], false]);
    });

    it('leaves an end that Postgres does not take to a successor', async () => {
      const { supervisor, crawl } = setUp({ attempts: { finish: async () => away() } });
      const run = supervisor.run(1, 1);
      crawl.ends();
      await settle();
      const stopped = supervisor.shutdown({
        how: 'requeue',
        graceMs: 1000,
        deadline: AbortSignal.abort(),
      });
      await jest.advanceTimersByTimeAsync(10_000);
      await Promise.all([stopped, run]);
      expect(crawl.isCleanedUp).toBe(false);
    });

    it('waits for nothing when nothing runs, and no longer than it may', async () => {
      const { supervisor, crawl } = setUp();
      await supervisor.idle(NEVER);
      const run = supervisor.run(1, 1);
      await supervisor.idle(AbortSignal.abort());
      crawl.ends();
      await run;
    });
  });

  describe('that finds a crawl of another worker', () => {
    function orphan(crawl: FakeCrawl) {
      const heard: string[] = [];
      const found = {
        id: 1,
        attempt: 1,
        adopt: async () => {
          heard.push('adopt');
          return crawl as unknown as RunningCrawl;
        },
        discard: async () => void heard.push('discard'),
      } satisfies Orphan;
      return { found, heard };
    }

    it('takes it over while its attempt is current', async () => {
      const { supervisor, crawl, reports } = setUp();
      const { found, heard } = orphan(crawl);
      const adopted = supervisor.adopt(found);
      crawl.says('FIN', '{"outcome":"finished"}').ends();
      await adopted;
      expect([heard, reports.length, crawl.isCleanedUp]).toEqual([['adopt'], 1, true]);
    });

    it('keeps the records of an attempt that was given up, and kills what is left of it', async () => {
      const key = { project: 1, spider: 1, job: 1 };
      const findEnded = async () => ({ id: 1, attempt: 1, key });
      const { supervisor, crawl, reports, recounted, readable } = setUp({
        attempts: { adopt: async () => null, findEnded },
      });
      const { found, heard } = orphan(crawl.says('ITM', '"late"'));
      await supervisor.adopt(found);
      expect([heard, crawl.heard, readable]).toEqual([['adopt'], ['kill'], ['"late"']]);
      expect([reports, recounted.length, crawl.isCleanedUp]).toEqual([[], 1, true]);
    });

    it('discards what belongs to no job', async () => {
      const { supervisor, crawl } = setUp({ attempts: { adopt: async () => null } });
      const { found, heard } = orphan(crawl);
      await supervisor.adopt(found);
      expect(heard).toEqual(['discard']);
    });
  });
});
