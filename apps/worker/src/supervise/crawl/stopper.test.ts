import type { RunningCrawl } from '@spiderhub/core';
import { createStopper } from './stopper.ts';

const NEVER = { graceMs: 2 ** 30 };

function setUp() {
  const heard: string[] = [];
  const crawl = {
    stop: async () => void heard.push('stop'),
    kill: async () => void heard.push('kill'),
  } as unknown as RunningCrawl;
  const stopper = createStopper(crawl, NEVER, () => heard.push('error'));
  return { heard, stopper };
}

/** Requests go out one after the other, each a microtask or two later. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a stopper', () => {
  it.each([
    [[1, 1, 1], ['stop']],
    [
      [1, 2, 2],
      ['stop', 'stop'],
    ],
    [[2], ['stop', 'stop']],
    [
      [1, 3, 3],
      ['stop', 'kill'],
    ],
    [[3], ['kill']],
  ] as const)('acts on each level once: %j', async (levels, expected) => {
    const { heard, stopper } = setUp();
    for (const level of levels) stopper.cancel(level);
    await settled();
    stopper.over();
    expect(heard.sort()).toEqual([...expected].sort());
    expect(stopper.reason).toBe('cancelled');
  });

  it('does not call a kill that was asked for a time-out', () => {
    const { stopper } = setUp();
    stopper.cancel(3);
    expect(stopper.killed).toBe(false);
  });
});
