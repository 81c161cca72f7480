export const TABS = [
  'overview',
  'items',
  'log',
  'requests',
  'stats',
  'charts',
  'settings',
  'attempts',
] as const;
export type Tab = (typeof TABS)[number];
