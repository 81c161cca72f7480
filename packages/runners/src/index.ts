export { createEnvironments, type Environments, type EnvironmentsOptions } from './environments.ts';
export { createProcessRunner, type ProcessRunnerOptions } from './process-runner.ts';
