import type { Priority } from '../jobs/job.ts';

/** Any float in the order of our five priorities: the exact number decides inside of one. NaN comes last. */
export function scrapydOrder(priority: number): { priority: Priority; rank: number } {
  if (Number.isNaN(priority)) return { priority: 0, rank: -Infinity };
  return { priority: bucketOf(priority), rank: priority };
}

function bucketOf(priority: number): Priority {
  if (priority < 0) return priority < -1 ? 0 : 1;
  if (priority < 1) return 2;
  return priority < 2 ? 3 : 4;
}
