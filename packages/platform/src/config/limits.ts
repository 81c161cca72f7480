import { wholeNumber } from './fields.ts';

const MOST = Number.MAX_SAFE_INTEGER;
const MAX_EGG_BYTES = 50 * 2 ** 20;

/** What an organisation may have as long as nobody has set something else for it. 0: no limit. */
export const LimitFields = {
  LIMIT_REQUESTS_PER_SECOND: wholeNumber(0, MOST).default(10_000),
  /** Requests are counted over so many seconds. */
  LIMIT_BURST_SECONDS: wholeNumber(1, 3600).default(5),
  LIMIT_PENDING_JOBS: wholeNumber(0, MOST).default(1_000_000),
  LIMIT_RUNNING_JOBS: wholeNumber(0, 2 ** 31 - 1).default(0),
  LIMIT_STORED_BYTES: wholeNumber(0, MOST).default(0),
  LIMIT_EGG_BYTES: wholeNumber(0, MOST).default(MAX_EGG_BYTES),
  LIMIT_ITEMS_PER_JOB: wholeNumber(0, MOST).default(0),
  LIMIT_LOGS_PER_JOB: wholeNumber(0, MOST).default(0),
  LIMIT_PERIODIC_JOBS: wholeNumber(0, MOST).default(1000),
  LIMIT_WEBHOOKS: wholeNumber(0, MOST).default(100),
};

type LimitConfig = { [N in keyof typeof LimitFields]: number };

/** The same by the names that the core has for them; null: no limit. */
export function limitDefaults(config: LimitConfig) {
  const of = (value: number) => (value === 0 ? null : value);
  return {
    requestsPerSecond: of(config.LIMIT_REQUESTS_PER_SECOND),
    burstSeconds: config.LIMIT_BURST_SECONDS,
    pendingJobs: of(config.LIMIT_PENDING_JOBS),
    runningJobs: of(config.LIMIT_RUNNING_JOBS),
    storedBytes: of(config.LIMIT_STORED_BYTES),
    eggBytes: of(config.LIMIT_EGG_BYTES),
    itemsPerJob: of(config.LIMIT_ITEMS_PER_JOB),
    logsPerJob: of(config.LIMIT_LOGS_PER_JOB),
    periodicJobs: of(config.LIMIT_PERIODIC_JOBS),
    webhooks: of(config.LIMIT_WEBHOOKS),
  };
}
