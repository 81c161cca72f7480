import type { JobKey, JobState } from './job.ts';

/** Which jobs of one project are meant. Absent means "any"; deleted jobs only match when `states` names them. */
export interface JobFilter {
  project: number;
  keys?: JobKey[];
  /** Spider names: any of them. */
  spiders?: string[];
  states?: JobState[];
  /** Jobs that carry at least one of these. */
  hasTag?: string[];
  /** Jobs that carry none of these. */
  lacksTag?: string[];
  /** Entered their state at or after this moment. */
  since?: Date;
  /** Entered their state before this moment. */
  until?: Date;
}

/** One page, newest `stateSince` first. `count` may be negative: the newest |count|, which is the same order here. */
export interface PageRequest {
  count: number;
  offset: number;
}

/** True when the filter narrows the project at all: guards bulk changes against an empty form. */
export function narrowsProject(filter: JobFilter): boolean {
  return Boolean(
    filter.keys?.length ||
      filter.spiders?.length ||
      filter.states?.length ||
      filter.hasTag?.length ||
      filter.lacksTag?.length,
  );
}
