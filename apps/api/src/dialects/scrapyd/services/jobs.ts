import { DomainError, type StopLevel } from '@spiderhub/core';
import { projectIds, projectNotFound, type Service, type ServiceCall } from '../call.ts';
import { jobName } from '../names.ts';
import { stopLevelOf } from '../signals.ts';
import { optional, required } from '../wire/fields.ts';
import { PythonError, pythonJson } from '../wire/python-text.ts';

/** Finished jobs that are counted and, without a limit of the caller's, listed: the newest ones. */
export const MOST_FINISHED = 10_000;

export const daemonstatus: Service = async (call) => {
  const ids = await projectIds(call, null);
  const { pending, running, finished } = await call.parts.scrapyd.view.counts(ids, MOST_FINISHED);
  return `"pending": ${pending}, "running": ${running}, "finished": ${finished}`;
};

export const status: Service = async (call) => {
  const job = jobName(required(call.fields, 'job'));
  const project = optional(call.fields, 'project');
  const { view } = call.parts.scrapyd;
  // Pollers ask for jobs that are there. For one that is not, the projects are looked up anew.
  const state =
    (await view.state(await recentIds(call, project), job)) ??
    (await view.state(await projectIds(call, project), job));
  return `"currstate": ${pythonJson(state)}`;
};

async function recentIds({ projects, reach }: ServiceCall, name: string | null): Promise<number[]> {
  if (name === null) return projects.recentIds(reach);
  const project = await projects.recent(reach, name);
  return project ? [project.id] : [];
}

/** A pending job ends at once, whatever the signal. A running one is asked once more with each call. */
export const cancel: Service = async (call) => {
  const project = required(call.fields, 'project');
  const job = required(call.fields, 'job');
  const { level, refusal } = readSignal(optional(call.fields, 'signal') ?? 'INT');
  const { parts, caller } = call;
  const ids = await projectsNamed(call, project);
  const stopped = await parts.jobs.stop(
    { projects: ids, ...jobName(job) },
    { level, escalate: true, by: caller.actor },
  );
  const states = stopped.map((one) => one.previous);
  const previous = states.includes('running') ? 'running' : (states[0] ?? null);
  if (previous === null && !(await call.projects.now(call.reach, project))) throw projectNotFound(project);
  if (previous === 'running' && refusal) throw refusal;
  return `"prevstate": ${pythonJson(previous)}`;
};

/** Scrapyd looks at a signal only once it has a process to send it to. */
function readSignal(signal: string): { level: StopLevel; refusal?: Error } {
  try {
    return { level: stopLevelOf(signal) };
  } catch (error) {
    if (error instanceof PythonError || error instanceof DomainError) return { level: 0, refusal: error };
    throw error;
  }
}

/** Projects without a deployed version count too: their jobs may still run. */
async function projectsNamed({ parts, reach }: ServiceCall, name: string): Promise<number[]> {
  const all = await parts.scrapyd.view.projects(reach);
  return all.filter((project) => project.name === name).map(({ id }) => id);
}
