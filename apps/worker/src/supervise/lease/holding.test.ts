import type { JobDetails, RunningCrawl } from '@spiderhub/core';
import { createLogger } from '@spiderhub/platform';
import { Holding } from './holding.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const COUNTS = { items: 3, pages: 2, logs: 1, errors: 0 };

function setUp() {
  const heard: unknown[] = [];
  const crawl = {
    extend: async (untilMs: number) => void heard.push(['extend', untilMs]),
    stop: async (reason?: string) => void heard.push(['stop', reason]),
    kill: async () => void heard.push('kill'),
  } as unknown as RunningCrawl;
  const job = { id: 7, attempt: 2, counts: COUNTS } as JobDetails;
  return { holding: new Holding(job, { graceMs: 1000 }, log), crawl, heard };
}

const settle = () => jest.advanceTimersByTimeAsync(0);

describe('an attempt in hand', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('passes leases on to its crawl, never a shorter one than before', async () => {
    const { holding, crawl, heard } = setUp();
    holding.confirmed(100);
    holding.attach(crawl);
    holding.confirmed(90);
    holding.confirmed(200);
    expect(heard).toEqual([
      ['extend', 100],
      ['extend', 200],
    ]);
    expect(holding.liveUntilMs).toBe(200);
  });

  it.each<[string, (holding: Holding) => void, unknown[], string]>([
    ['a stop of its user', (holding) => holding.stopRequested(1), ['stop', 'cancelled'], 'cancelled'],
    ['the end of its worker', (holding) => holding.shutDown(500), ['stop', 'shutdown'], 'shutdown'],
    ['a limit', (holding) => holding.stop('time_limit'), ['stop', 'time_limit'], 'time_limit'],
  ])('makes up for %s that came before the crawl existed', async (_, ask, word, reason) => {
    const { holding, crawl, heard } = setUp();
    ask(holding);
    expect(holding.stopReason).toBeNull();
    holding.attach(crawl);
    await settle();
    expect(heard).toContainEqual(word);
    expect(holding.stopReason).toBe(reason);
    holding.over();
  });

  it('kills the crawl of an attempt that is not ours any more, once', async () => {
    const { holding, crawl, heard } = setUp();
    holding.fenced();
    holding.attach(crawl);
    holding.fenced();
    expect(heard.filter((word) => word === 'kill')).toHaveLength(1);
    expect([holding.isFenced, holding.killed, holding.stopReason]).toEqual([true, true, 'lost']);
  });

  it('does nothing more to a crawl that was left to a successor', async () => {
    const { holding, crawl, heard } = setUp();
    holding.attach(crawl);
    holding.stopRequested(1);
    await settle();
    holding.leave();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(heard).not.toContain('kill');
    expect(holding.isLeft).toBe(true);
  });

  it('tells the counts of the job until somebody counts', () => {
    const { holding } = setUp();
    expect(holding.counts()).toEqual(COUNTS);
    holding.countWith(() => ({ ...COUNTS, items: 4 }));
    expect(holding.counts()).toMatchObject({ items: 4 });
  });

  it('is not held up by a crawl that cannot be reached', async () => {
    const { holding } = setUp();
    const fail = async () => {
      throw new Error('gone');
    };
    holding.attach({ extend: fail, stop: fail, kill: fail } as unknown as RunningCrawl);
    holding.confirmed(1);
    holding.stopRequested(3);
    await settle();
    expect(holding.stopReason).toBe('cancelled');
    holding.over();
  });
});
