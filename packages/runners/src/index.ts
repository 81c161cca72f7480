export { createEnvironments, type Environments, type EnvironmentsOptions } from './environments.ts';
export { removeTree } from './files.ts';
export { createForkServers, type ForkServers, type ForkServersOptions } from './fork-servers.ts';
export { createEggInspector, type EggInspectorOptions } from './inspect-egg.ts';
export type { Launch, Launcher } from './launcher.ts';
export { createPodRunner, type PodRunner } from './pods/pod-runner.ts';
export { createProcessRunner, type ProcessRunnerOptions } from './process-runner.ts';
export type { Stack } from './stacks.ts';
export { checkZip } from './zip.ts';
