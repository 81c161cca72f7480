export { createEnvironments, type Environments, type EnvironmentsOptions } from './environments.ts';
export { createForkServer, type ForkServer, type ForkServerOptions } from './fork-server.ts';
export { createEggInspector, type EggInspectorOptions } from './inspect-egg.ts';
export { bareLauncher, type Launch, type Launcher } from './launcher.ts';
export { createProcessRunner, type ProcessRunnerOptions } from './process-runner.ts';
export { checkZip } from './zip.ts';
