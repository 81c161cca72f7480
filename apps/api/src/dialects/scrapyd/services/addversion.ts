import { DomainError, type EggContents } from '@spiderhub/core';
import { largestFile } from '../../../http/upload.ts';
import type { Service, ServiceCall } from '../call.ts';
import { checkNewName } from '../names.ts';
import { refused, required } from '../wire/fields.ts';
import { PythonError, pythonJson } from '../wire/python-text.ts';
import { isZip } from '../zip.ts';

/**
 * Deploys an egg; a project that is not there is made. The egg is looked at first, so that a bad one changes nothing:
 * the last good version stays.
 */
export const addversion: Service = async (call) => {
  const project = required(call.fields, 'project');
  const version = required(call.fields, 'version');
  const { eggPath } = call;
  if (eggPath === null) throw refused("'egg' parameter is required");
  if (!(await isZip(eggPath)))
    throw refused('egg is not a ZIP file (if using curl, use egg=@path not egg=path)');
  checkNewName('project', project);
  checkNewName('version', version);
  const contents = await inspected(call, project, eggPath);
  await deployed(call, { project, version, eggPath, contents });
  const count = contents.spiders.length;
  return `"project": ${pythonJson(project)}, "version": ${pythonJson(version)}, "spiders": ${count}`;
};

async function inspected(
  { parts, projects, reach }: ServiceCall,
  project: string,
  eggPath: string,
): Promise<EggContents> {
  const known = await projects.now(reach, project);
  const egg = { project: known?.id ?? null, eggPath, extraEggPaths: [], requirements: null, stack: null };
  try {
    return await parts.deploy.inspect(egg, () => {});
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'invalid')
      throw new PythonError('RunnerError', error.message);
    throw error;
  }
}

interface Deployment {
  project: string;
  version: string;
  eggPath: string;
  contents: EggContents;
}

async function deployed(
  call: ServiceCall,
  { project, version, eggPath, contents }: Deployment,
): Promise<void> {
  const { parts, projects, reach, caller } = call;
  const id = (await projects.now(reach, project))?.id ?? (await makeProject(call, project));
  await parts.limits.files.checkEgg(id, await largestFile([eggPath]));
  await parts.deploy.store(
    {
      project: id,
      version,
      eggPath,
      extraEggPaths: [],
      requirements: null,
      stack: null,
      deployedBy: caller.actor,
    },
    contents,
  );
  await parts.scrapyd.store.chooseLatest(caller.actor, id);
  projects.forget();
}

async function makeProject({ parts, caller, reach }: ServiceCall, name: string): Promise<number> {
  const known = (await parts.scrapyd.view.projects(reach)).find((project) => project.name === name);
  if (known) return known.id;
  const [organisation, ...others] = caller.reach('projects.create').organisations;
  if (organisation === undefined)
    throw refused(`project '${name}' not found, and this key may not make projects`);
  if (others.length > 0) {
    throw refused(`project '${name}' not found; make it first, this caller has several organisations`);
  }
  return parts.scrapyd.store.ensureProject(caller.actor, organisation, name);
}
