export { type Boxing, type CrawlTenant, NO_BOXING, type ProgramTenant, type Tenant } from './boxing.ts';
export {
  type BoxingOptions,
  boxingFromConfig,
  createBoxing,
  type IsolationConfig,
} from './create-boxing.ts';
export type { BoxDescription, BoxNetwork } from './description.ts';
export {
  type IsolationLevel,
  type IsolationReport,
  type IsolationSetting,
  isolationLines,
  type MissingPart,
  weakestOf,
} from './level.ts';
export * from './limits/index.ts';
export { type CommonOptions, commonPolicy } from './network/common.ts';
export type { Guard } from './network/guard.ts';
export { guardNetwork, type NetworkGuardOptions } from './network/guard-network.ts';
export { openWayToIndex, type WayToIndex } from './network/installing/way-to-index.ts';
export type { NetworkMode, NetworkOfBox, NetworkSetting } from './network/networks.ts';
export { type Policy, type PolicyWatch, watchPolicy } from './network/policy.ts';
export {
  type OpenWayToRegistry,
  type WayToRegistry,
  waysToRegistries,
} from './network/registries/way-to-registry.ts';
export { withNetwork } from './network/with-network.ts';
