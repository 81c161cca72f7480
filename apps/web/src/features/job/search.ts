import { TABS, type Tab } from './tabs.ts';

/** What an address of a job says beside the job. */
export interface JobSearch {
  tab?: Tab | undefined;
  /** An earlier try. */
  attempt?: number | undefined;
  /** Record of the log that is looked at. */
  line?: number | undefined;
  /** Lowest level of the log that is shown. */
  level?: number | undefined;
  /** What the log is searched for. */
  find?: string | undefined;
  /** Item that is opened. */
  item?: number | undefined;
}

/**
 * Takes what it knows, and says of all else that it is undefined: the router would take what is not named here as it stands
 * in the address.
 */
export function jobSearch(search: Record<string, unknown>): JobSearch {
  const number = (value: unknown) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  const { find } = search;
  return {
    tab: TABS.find((each) => each === search.tab),
    attempt: number(search.attempt),
    line: number(search.line),
    level: number(search.level),
    item: number(search.item),
    // A text of digits is a number in the address.
    find: typeof find === 'number' || (typeof find === 'string' && find !== '') ? String(find) : undefined,
  };
}
