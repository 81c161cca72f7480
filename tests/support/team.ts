/** A team and its jobs, as the benchmarks make them, too. */
export { makeTeam, saveVersion, scheduleRequest, type Team } from '@spiderhub/testkit';
