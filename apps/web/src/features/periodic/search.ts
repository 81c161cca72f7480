/** Which periodic jobs the list shows. */
export const SHOWN = ['all', 'active', 'paused', 'did not start'] as const;
export type Shown = (typeof SHOWN)[number];
