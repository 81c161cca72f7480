export { type Boxing, type CrawlTenant, NO_BOXING, type ProgramTenant, type Tenant } from './boxing.ts';
export {
  type BoxingOptions,
  boxingFromConfig,
  createBoxing,
  type IsolationConfig,
  IsolationError,
} from './create-boxing.ts';
export type { BoxDescription, BoxNetwork } from './description.ts';
export {
  type IsolationLevel,
  type IsolationReport,
  type IsolationSetting,
  isolationLines,
  type MissingPart,
} from './level.ts';
export * from './limits/index.ts';
