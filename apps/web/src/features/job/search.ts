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

/** Takes what it knows, and drops what makes no sense. */
export function jobSearch(search: Record<string, unknown>): JobSearch {
  const number = (name: string) => {
    const value = search[name];
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? { [name]: value } : {};
  };
  return {
    ...(TABS.includes(search.tab as Tab) && { tab: search.tab as Tab }),
    ...number('attempt'),
    ...number('line'),
    ...number('level'),
    ...number('item'),
    // A text of digits is a number in the address.
    ...((typeof search.find === 'number' || (typeof search.find === 'string' && search.find !== '')) && {
      find: String(search.find),
    }),
  };
}
