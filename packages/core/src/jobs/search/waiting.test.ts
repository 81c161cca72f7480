import type { WaitFacts } from '../../ports/job-search-view.ts';
import { waitReason } from './waiting.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const FREE: WaitFacts = {
  id: 1,
  external: false,
  waitUntil: null,
  paused: false,
  projectLimit: null,
  projectRunning: 0,
  spiderLimit: null,
  spiderRunning: 0,
  slots: 4,
};

it.each<[Partial<WaitFacts>, string, string]>([
  [{}, 'queue', 'in the queue'],
  [{ external: true, paused: true }, 'outside', 'kept for a worker outside'],
  [{ paused: true, slots: 0 }, 'paused', 'the project is paused'],
  [{ waitUntil: new Date('2026-01-01T00:00:40Z') }, 'retry', 'next try in 40 s'],
  [{ waitUntil: new Date('2025-12-31T23:59:00Z') }, 'queue', 'in the queue'],
  [{ slots: 0 }, 'no worker', 'no worker is there'],
  [{ projectLimit: 10, projectRunning: 10 }, 'project limit', 'project limit 10 of 10'],
  [{ projectLimit: 10, projectRunning: 9 }, 'queue', 'in the queue'],
  [{ spiderLimit: 1, spiderRunning: 1 }, 'spider limit', 'spider limit 1 of 1'],
])('%j waits for: %s', (facts, reason, words) => {
  expect(waitReason({ ...FREE, ...facts }, NOW)).toMatchObject({ reason, words });
});
