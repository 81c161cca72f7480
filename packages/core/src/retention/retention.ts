import { z } from 'zod';

const MAX_DAYS = 36_500;

/** How long finished jobs are kept, of a project or a spider. Absent fields keep what holds; null: no limit. */
export const RetentionChange = z.strictObject({
  /** Finished jobs older than this are deleted, days. Default: none are. */
  days: z.number().positive().max(MAX_DAYS).nullable().optional(),
  /** Of each spider only so many finished jobs are kept, the newest. Default: all. */
  count: z.int().min(0).max(1_000_000_000).nullable().optional(),
  /** Jobs with one of these tags stay, and do not count. Default: none. */
  keepTags: z.array(z.string().min(1).max(255)).max(50).optional(),
});
export type RetentionChange = z.output<typeof RetentionChange>;

/** Who deleted a job that was kept for long enough, in its metadata and in events. */
export const RETENTION_ACTOR = 'retention';
