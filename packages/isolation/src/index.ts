export { type Boxing, type CrawlTenant, NO_BOXING, type ProgramTenant, type Tenant } from './boxing.ts';
export { type DescribeOptions, describeBox } from './describe-box.ts';
export type { BoxDescription, BoxNetwork } from './description.ts';
export type { IsolationLevel, IsolationReport, IsolationSetting, MissingPart } from './level.ts';
export * from './limits/index.ts';
