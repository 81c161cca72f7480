import type { ClaimedJob, PipeMessage, RunningCrawl, StreamStore } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import { Holding } from '../lease/holding.ts';
import { followCrawl } from './follow-crawl.ts';

const HOUR_MS = 3_600_000;

function message(command: PipeMessage['command'], payload: string): PipeMessage {
  return { command, payload: Buffer.from(payload) };
}

/** A crawl that says things by the clock until it is asked to end or killed. */
function setUp(say: () => PipeMessage[], everyMs: number) {
  const heard: string[] = [];
  let isOver = false;
  const end = (word: string) => async () => {
    heard.push(word);
    isOver = true;
  };
  const crawl = {
    resumedAt: { ITM: 0, LOG: 0, REQ: 0, STA: 0, FIN: 0 },
    checkpoint: async () => {},
    extend: async () => {},
    stop: end('stop'),
    kill: end('kill'),
    async *messages() {
      while (!isOver) {
        yield say();
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
    },
  } as unknown as RunningCrawl;
  const writer = {
    end: 0,
    stats: { records: 0, bytes: 0, counts: {} },
    append() {},
    flush: async () => {},
    seal: async () => {},
  };
  const streams = { openWriter: async () => writer } as unknown as StreamStore;
  const job = {
    policy: { stalledSeconds: HOUR_MS / 1000 },
    settings: {},
    runningAt: new Date(),
    counts: {},
  } as unknown as ClaimedJob;
  const log = { debug() {}, warn() {}, error() {} } as unknown as Logger;
  const holding = new Holding(job, { graceMs: HOUR_MS }, log);
  holding.attach(crawl);
  const attempts = { saveStats: async () => {} } as never;
  const followed = followCrawl(
    crawl,
    {
      job,
      streams,
      isInherited: false,
      attempts,
      holding,
      log,
      mask: (line) => line,
      giveUp: new AbortController().signal,
    },
    () => {},
  );
  return { heard, holding, followed };
}

describe('a crawl that is followed', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('is killed when it hangs after its FIN, and what it said stands', async () => {
    const { heard, holding, followed } = setUp(() => [message('FIN', '{"outcome":"finished"}')], 1000);
    await jest.advanceTimersByTimeAsync(2 * HOUR_MS);
    const recorder = await followed;
    expect(heard).toEqual(['kill']);
    expect([holding.killed, holding.stopReason, recorder.finOutcome]).toEqual([true, null, 'finished']);
  });

  it('is stalled when nothing but its stats comes', async () => {
    const { holding, followed } = setUp(() => [message('STA', '{"stats":{}}')], 30_000);
    await jest.advanceTimersByTimeAsync(2 * HOUR_MS);
    await followed;
    expect(holding.stopReason).toBe('stalled');
  });

  it('is not stalled while it logs', async () => {
    const { holding } = setUp(() => [message('LOG', '{"message":"x"}')], HOUR_MS / 2);
    await jest.advanceTimersByTimeAsync(3 * HOUR_MS);
    expect(holding.stopReason).toBeNull();
    holding.stop('cancelled');
    await jest.advanceTimersByTimeAsync(HOUR_MS);
    holding.over();
  });
});
