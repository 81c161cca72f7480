import { z } from 'zod';
import { parseStrict } from '../json/raw-object.ts';
import { type LimitName, type ServiceLimits, stricter } from '../limits/service-limits.ts';

const seconds = z.number().positive().max(31_536_000);

/** How a project or a spider wants its jobs to be treated. Absent fields keep the default (`DEFAULT_POLICY`). */
export const JobPolicyChange = z.strictObject({
  /** Close reasons after which a job is tried again. `lost`: its worker died. */
  retryOn: z.array(z.string().min(1).max(255)).max(50).optional(),
  /** All tries together; 1 never tries again. */
  maxAttempts: z.int().min(1).max(100).optional(),
  /** Wait before the second try; it doubles with each further one, up to an hour. */
  backoffSeconds: z.number().min(0).max(3600).optional(),
  /** A crawl that writes no item, request or log for this long is stopped; null: never. */
  stalledSeconds: seconds.nullable().optional(),
  /** Longest run; null: no limit. */
  runtimeSeconds: seconds.nullable().optional(),
  /** Most items of one attempt; null: no limit. */
  maxItems: z.int().positive().nullable().optional(),
  /** Most log lines of one attempt; null: no limit. */
  maxLogs: z.int().positive().nullable().optional(),
  /** Most bytes of items, logs and requests of one attempt; null: no limit. */
  maxBytes: z.int().positive().nullable().optional(),
});
export type JobPolicyChange = z.output<typeof JobPolicyChange>;

/** What counts where neither the project nor the spider says otherwise. Absent: no limit. */
export const DEFAULT_POLICY = {
  retryOn: ['lost'],
  maxAttempts: 5,
  backoffSeconds: 0,
  stalledSeconds: 3600,
  // More than crawls bring home, and less than a disk has: one that floods its log must not fill it for everybody.
  maxBytes: 20 * 1024 ** 3,
} satisfies JobPolicyChange;

/** The limits of one running crawl, as its worker keeps them. */
export interface CrawlLimits {
  stalledMs: number | null;
  runtimeMs: number | null;
  maxItems: number | null;
  maxLogs: number | null;
  maxBytes: number | null;
}

/** Job setting that shortens the run of one job, seconds. */
const RUNTIME_SETTING = 'SPIDERHUB_RUNTIME_LIMIT';

/** Limits of a job: its policy, and its own setting where that is stricter. */
export function crawlLimits(policy: JobPolicyChange, settings: Record<string, string>): CrawlLimits {
  const own = Number(parseStrict(settings[RUNTIME_SETTING] ?? 'null'));
  const runtimes = [policy.runtimeSeconds ?? Infinity, own > 0 ? own : Infinity];
  const runtimeSeconds = Math.min(...runtimes);
  return {
    stalledMs: policy.stalledSeconds == null ? null : policy.stalledSeconds * 1000,
    runtimeMs: runtimeSeconds === Infinity ? null : runtimeSeconds * 1000,
    maxItems: policy.maxItems ?? null,
    maxLogs: policy.maxLogs ?? null,
    maxBytes: policy.maxBytes ?? null,
  };
}

/** A policy that is no more generous than service limits allow. */
export function policyWithin(policy: JobPolicyChange, limits: ServiceLimits[]): JobPolicyChange {
  const strictest = (own: number | null | undefined, name: LimitName) =>
    limits.reduce((least, one) => stricter(least, one[name]), own ?? null);
  return {
    ...policy,
    maxItems: strictest(policy.maxItems, 'itemsPerJob'),
    maxLogs: strictest(policy.maxLogs, 'logsPerJob'),
  };
}
