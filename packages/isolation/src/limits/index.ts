export type { CrawlLimits, ProgramLimits } from './crawl-limits.ts';
export { type LimitedCrawl, type Limiting, NO_LIMITS } from './limiting.ts';
export { type LimitsOptions, openLimits } from './open-limits.ts';
export { removeGroup } from './remove-group.ts';
export { DEFAULT_UNIT, type UnitLimits, type UnitSettings, unitLimits } from './unit.ts';
