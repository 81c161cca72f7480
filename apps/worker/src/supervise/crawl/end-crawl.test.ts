import type { AttemptStore, FinishReport, RunningCrawl, StreamStore } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import type { Holding } from '../lease/holding.ts';
import type { Recorder } from '../streams/recorder.ts';
import { endCrawl } from './end-crawl.ts';

const STATS = '{"crawlmanager/scheduled_jobs":3}';

/** Ends a crawl whose attempt somebody else has ended already, and tells what was written about it. */
async function end(isFenced: boolean) {
  const finished: FinishReport[] = [];
  const recounted: (string | null)[] = [];
  const attempts = {
    finish: async (_id: number, _attempt: number, report: FinishReport) => {
      finished.push(report);
      return 'already';
    },
    recount: async (_ended: unknown, _counts: unknown, stats: string | null) => {
      recounted.push(stats);
    },
  } as unknown as AttemptStore;
  const crawl = {
    exited: Promise.resolve({ code: 0, signal: null }),
    cleanUp: async () => {},
  } as unknown as RunningCrawl;
  const followed = {
    seal: async () => {},
    counts: () => ({}),
    scrapyStats: STATS,
    finOutcome: null,
  } as unknown as Recorder;
  const care = {
    job: { id: 1, attempt: 1, spiderName: 'py:manager.py', command: null } as never,
    attempts,
    isInherited: false,
    streams: { stats: async () => null } as unknown as StreamStore,
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
    expect(await end(true)).toEqual({ finished: [], recounted: [STATS] });
    expect(await end(false)).toEqual({
      finished: [expect.objectContaining({ scrapyStats: STATS })],
      recounted: [STATS],
    });
  });
});
