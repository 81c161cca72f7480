import { z } from 'zod';

const WORDS = {
  requestsPerSecond: 'requests a second',
  burstSeconds: 'seconds over which requests are counted, so that some may come at once',
  pendingJobs: 'jobs that wait',
  runningJobs: 'jobs that run at the same time',
  storedBytes: 'bytes of items, logs, eggs and other files',
  eggBytes: 'bytes of an egg',
  itemsPerJob: 'items of a job',
  logsPerJob: 'log lines of a job',
  periodicJobs: 'periodic jobs',
  webhooks: 'webhooks',
} as const;

export type LimitName = keyof typeof WORDS;

/** What each limit is of, for people. */
export const LIMIT_WORDS: Readonly<Record<LimitName, string>> = WORDS;
export const LIMIT_NAMES = Object.keys(WORDS) as LimitName[];

/** The largest limit that can be set. */
export const MOST = Number.MAX_SAFE_INTEGER;
/** Requests are counted over an hour at most. */
const MOST_SECONDS = 3600;

const limit = (most: number) =>
  z
    .custom<number | null | 'default'>(
      (value) => value === null || value === 'default' || isCount(value, most),
      `expected a whole number from 1 to ${most}, null for no limit, or "default"`,
    )
    .optional();

function isCount(value: unknown, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most;
}

/** What staff sets. An absent limit stays as it is, null takes it away, `default` brings the default back. */
export const ServiceLimitChange = z.strictObject({
  requestsPerSecond: limit(MOST),
  burstSeconds: limit(MOST_SECONDS),
  pendingJobs: limit(MOST),
  runningJobs: limit(2 ** 31 - 1),
  storedBytes: limit(MOST),
  eggBytes: limit(MOST),
  itemsPerJob: limit(MOST),
  logsPerJob: limit(MOST),
  periodicJobs: limit(MOST),
  webhooks: limit(MOST),
} satisfies Record<LimitName, z.ZodType>);
export type ServiceLimitChange = z.output<typeof ServiceLimitChange>;

/** What holds. Null: no limit. */
export type ServiceLimits = Record<LimitName, number | null>;
/** What was set, by name; what is absent has its default. */
export type SetLimits = Partial<ServiceLimits>;

export const NO_LIMITS: ServiceLimits = Object.freeze(
  Object.fromEntries(LIMIT_NAMES.map((name) => [name, null])) as ServiceLimits,
);

/** What an organisation may have: what was set for it, and else the defaults. */
export function limitsOfOrganisation(set: SetLimits, defaults: ServiceLimits): ServiceLimits {
  return { ...defaults, ...set };
}

/**
 * What a project may have by itself: what was set for it. Beside that its organisation's limits hold: for all of its
 * projects together what can be added up, for each what is of one egg or one job.
 */
export function limitsOfProject(set: SetLimits, organisation: ServiceLimits): ServiceLimits {
  return { ...NO_LIMITS, burstSeconds: organisation.burstSeconds, ...set };
}

/** The smaller one of two limits. */
export function stricter(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}
