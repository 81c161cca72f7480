import type { CrawlLimits } from '@spiderhub/core';
import { createWatchdog } from './watchdog.ts';

const NO_LIMITS: CrawlLimits = {
  stalledMs: null,
  runtimeMs: null,
  maxItems: null,
  maxLogs: null,
  maxBytes: null,
};
const DAY_MS = 86_400_000;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function watch(limits: Partial<CrawlLimits>, startedAgoMs = 0) {
  const stops: string[] = [];
  const watchdog = createWatchdog({
    limits: { ...NO_LIMITS, ...limits },
    startedAt: new Date(Date.now() - startedAgoMs),
    stop: (reason) => stops.push(reason),
  });
  return { watchdog, stops };
}

describe('a watchdog', () => {
  it('ends a crawl that runs for too long, counted from its start and not from its take-over', () => {
    const { stops } = watch({ runtimeMs: 1000 }, 400);
    jest.advanceTimersByTime(599);
    expect(stops).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(stops).toEqual(['time_limit']);
  });

  it('ends a crawl that fell silent, not one that speaks now and then', () => {
    const { watchdog, stops } = watch({ stalledMs: 1000 });
    for (let i = 0; i < 5; i++) {
      jest.advanceTimersByTime(900);
      watchdog.seen({ items: i, logs: 0, bytes: i });
    }
    expect(stops).toEqual([]);
    jest.advanceTimersByTime(1000);
    expect(stops).toEqual(['stalled']);
  });

  it.each<[string, Partial<CrawlLimits>]>([
    ['time_limit', { runtimeMs: 60 * DAY_MS }],
    ['stalled', { stalledMs: 60 * DAY_MS }],
  ])('keeps limits that are longer than any timer: %s', (reason, limits) => {
    const { stops } = watch(limits);
    jest.advanceTimersByTime(59 * DAY_MS);
    expect(stops).toEqual([]);
    jest.advanceTimersByTime(DAY_MS);
    expect(stops).toEqual([reason]);
  });

  it.each<[string, Partial<CrawlLimits>]>([
    ['items', { maxItems: 10 }],
    ['log lines', { maxLogs: 10 }],
    ['bytes', { maxBytes: 10 }],
  ])('ends a crawl that writes too many %s', (_what, limits) => {
    const { watchdog, stops } = watch(limits);
    watchdog.seen({ items: 10, logs: 10, bytes: 10 });
    expect(stops).toEqual([]);
    watchdog.seen({ items: 11, logs: 11, bytes: 11 });
    expect(stops).toEqual(['quota']);
  });

  it('says nothing after the end, and nothing without limits', () => {
    const { watchdog, stops } = watch({ runtimeMs: 10, stalledMs: 10 });
    watchdog.over();
    watch({});
    jest.advanceTimersByTime(1e9);
    expect(stops).toEqual([]);
  });
});
