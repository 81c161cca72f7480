import type {
  AttemptStore,
  EndAnswer,
  FinishReport,
  JobCounts,
  RunningCrawl,
  StreamStore,
} from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import type { Holding } from '../lease/holding.ts';
import type { Recorder } from '../streams/recorder.ts';
import { endCrawl } from './end-crawl.ts';

const STATS = '{"crawlmanager/scheduled_jobs":3}';

interface Ending {
  isFenced: boolean;
  answer?: EndAnswer;
  /** Of the streams, when they are sealed and at each question for their counts. */
  failures?: Error[];
}

/** Ends a crawl, and tells what was written about it. */
async function end({ isFenced, answer = 'already', failures = [] }: Ending) {
  const finished: FinishReport[] = [];
  const recounted: { counts: JobCounts; stats: string | null }[] = [];
  const fail = async () => {
    const failure = failures.shift();
    if (failure) throw failure;
  };
  const attempts = {
    finish: async (_id: number, _attempt: number, report: FinishReport) => {
      finished.push(report);
      return answer;
    },
    recount: async (_ended: unknown, counts: JobCounts, stats: string | null) => {
      recounted.push({ counts, stats });
    },
  } as unknown as AttemptStore;
  const crawl = {
    exited: Promise.resolve({ code: 0, signal: null }),
    cleanUp: async () => {},
  } as unknown as RunningCrawl;
  const followed = {
    seal: fail,
    stored: () => ({ items: 1, pages: 0, logs: 0, errors: 0 }),
    scrapyStats: STATS,
    finOutcome: null,
  } as unknown as Recorder;
  const care = {
    job: { id: 1, attempt: 1, spiderName: 'py:manager.py', command: null } as never,
    attempts,
    isInherited: false,
    streams: {
      stats: async ({ stream }: { stream: string }) => {
        await fail();
        return { records: stream === 'items' ? 2 : 0, counts: {} };
      },
    } as unknown as StreamStore,
    holding: { isFenced, isLeft: false, killed: false, stopReason: null } as unknown as Holding,
    log: { info() {}, warn() {}, error() {} } as unknown as Logger,
    mask: (line: Buffer) => line,
    giveUp: new AbortController().signal,
  };
  await endCrawl(crawl, care, followed);
  return { finished, recounted };
}

describe('a job that was moved to finished while its crawl ran', () => {
  it('has the last stats of the crawl, whether the worker knew of it or not', async () => {
    expect(await end({ isFenced: true })).toMatchObject({ finished: [], recounted: [{ stats: STATS }] });
    expect(await end({ isFenced: false })).toMatchObject({
      finished: [{ scrapyStats: STATS }],
      recounted: [{ stats: STATS }],
    });
  });
});

describe('a job whose streams could not be sealed', () => {
  const away = new Error('terminating connection');

  it('counts what its streams hold', async () => {
    const { finished, recounted } = await end({ isFenced: false, answer: 'finished', failures: [away] });
    expect(finished).toMatchObject([{ counts: { items: 2 } }]);
    expect(recounted).toEqual([]);
  });

  it('ends with what was readable last, and counts again as soon as its streams answer', async () => {
    const failures = [away, away, away, away, away];
    const { finished, recounted } = await end({ isFenced: false, answer: 'finished', failures });
    expect(finished).toMatchObject([{ counts: { items: 1 } }]);
    expect(recounted).toMatchObject([{ counts: { items: 2 } }]);
  });
});
