import { projectNotFound, requireProject, type Service, versionNotFound } from '../call.ts';
import { checkPath } from '../names.ts';
import { findVersion, latestVersion, shownNames } from '../versions.ts';
import { optional, required } from '../wire/fields.ts';
import { pythonJson } from '../wire/python-text.ts';

export const listprojects: Service = async ({ parts, reach }) => {
  const projects = await parts.scrapyd.view.projects(reach);
  return `"projects": ${pythonJson(projects.filter(({ deployed }) => deployed).map(({ name }) => name))}`;
};

export const listversions: Service = async ({ fields, projects, reach }) => {
  const name = required(fields, 'project');
  checkPath(name);
  const project = await projects.now(reach, name);
  return `"versions": ${pythonJson(project ? shownNames(project) : [])}`;
};

export const listspiders: Service = async (call) => {
  const name = required(call.fields, 'project');
  const asked = optional(call.fields, '_version') || null;
  const project = await requireProject(call, name);
  const version = asked === null ? latestVersion(project) : findVersion(project, asked);
  if (!version) throw versionNotFound(asked ?? '');
  return `"spiders": ${pythonJson([...version.spiders].sort())}`;
};

export const delversion: Service = async (call) => {
  const name = required(call.fields, 'project');
  const asked = required(call.fields, 'version');
  checkPath(name);
  const { projects, parts, reach } = call;
  const project = await projects.now(reach, name);
  const version = project && findVersion(project, asked);
  if (!version) throw versionNotFound(asked);
  const { store } = parts.scrapyd;
  if (project.versions.length === 1) await store.removeProject(call.caller.actor, project.id);
  else await store.removeVersion(call.caller.actor, project.id, version.name);
  await store.chooseLatest(call.caller.actor, project.id);
  projects.forget();
  return '';
};

/** Deletes what is deployed and cancels what waits. Running jobs go on; the project's history stays. */
export const delproject: Service = async (call) => {
  const name = required(call.fields, 'project');
  checkPath(name);
  const project = await call.projects.now(call.reach, name);
  if (!project) throw projectNotFound(name);
  await call.parts.scrapyd.store.removeProject(call.caller.actor, project.id);
  call.projects.forget();
  return '';
};
