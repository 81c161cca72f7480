import type { LimitName } from '../../api/limits.ts';
import { bytes, count, duration } from '../../lib/format.ts';

/** A limit in words, and its numbers as people read them. */
export interface LimitWords {
  name: LimitName;
  words: string;
  /** What is counted: for the hint of a field in which a number is typed. */
  unit: string;
  show: (value: number) => string;
}

const plain = count as (value: number) => string;

export const LIMITS: readonly LimitWords[] = [
  { name: 'pendingJobs', words: 'Jobs that wait', unit: 'jobs', show: plain },
  { name: 'runningJobs', words: 'Jobs that run at the same time', unit: 'jobs', show: plain },
  { name: 'storedBytes', words: 'Items, logs, eggs and files on disk', unit: 'bytes', show: bytes },
  { name: 'itemsPerJob', words: 'Items of one job', unit: 'items', show: plain },
  { name: 'logsPerJob', words: 'Log lines of one job', unit: 'lines', show: plain },
  { name: 'eggBytes', words: 'One egg', unit: 'bytes', show: bytes },
  { name: 'periodicJobs', words: 'Periodic jobs', unit: 'periodic jobs', show: plain },
  { name: 'webhooks', words: 'Webhooks', unit: 'webhooks', show: plain },
  { name: 'requestsPerSecond', words: 'Requests to the APIs, a second', unit: 'requests', show: plain },
  {
    name: 'burstSeconds',
    words: 'Seconds of requests that may come at once',
    unit: 'seconds',
    show: (value) => duration(value * 1000),
  },
];
