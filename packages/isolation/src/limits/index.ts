export type { CrawlLimits, ProgramLimits } from './crawl-limits.ts';
export { type LimitedCrawl, type Limiting, NO_LIMITS } from './limiting.ts';
export { type LimitsOptions, limitsFromConfig, openLimits } from './open-limits.ts';
export { removeGroup } from './remove-group.ts';
export { type Allowance, allowanceOf, type UnitLimits, type UnitSettings, unitLimits } from './unit.ts';
export { withLimits } from './with-limits.ts';
