import type { JobFilter } from '@spiderhub/core';

/** A filter as a query gives it: what is absent or empty narrows nothing. */
export type AskedFilter = { [K in keyof JobFilter]: JobFilter[K] | undefined } & Pick<JobFilter, 'project'>;

/** The filter without what narrows nothing. */
export function jobFilter(asked: AskedFilter): JobFilter {
  const given = Object.entries(asked).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(given) as unknown as JobFilter;
}
