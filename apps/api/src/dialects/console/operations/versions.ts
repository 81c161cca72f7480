import { DomainError, type Version } from '@spiderhub/core';
import { versionContracts as contracts } from '@spiderhub/wire';
import { z } from 'zod';
import { deployReply, EGG_FIELDS } from '../../../http/egg-form.ts';
import { parseFields } from '../../../http/fields.ts';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';
import { changesOf, namesOf, type VersionFacts, versionView } from '../versions/view.ts';

export function versionOperations(parts: Parts): Operation[] {
  return [listVersions(parts), readVersion(parts), useVersion(parts), deleteVersion(parts), deployEgg(parts)];
}

function notFound(name: string): DomainError {
  return new DomainError('not_found', 'version_not_found', `version: ${JSON.stringify(name)} not found`);
}

async function factsOf({ versions }: Parts, project: number): Promise<Omit<VersionFacts, 'before'>> {
  const [inUse, active] = await Promise.all([versions.inUse(project), versions.activeJobs(project)]);
  return { inUse, active };
}

const listVersions = (parts: Parts) =>
  served(
    contracts.listVersions,
    'versions.read',
  )(async ({ caller, params: { project } }) => {
    await caller.may(project);
    const [all, facts] = await Promise.all([parts.versions.list(project), factsOf(parts, project)]);
    return {
      versions: all.map((version, at) => versionView(version, { ...facts, before: all[at - 1] })).reverse(),
    };
  });

const readVersion = (parts: Parts) =>
  served(
    contracts.readVersion,
    'versions.read',
  )(async ({ caller, params: { project, version: name } }) => {
    await caller.may(project);
    const [all, facts] = await Promise.all([parts.versions.list(project), factsOf(parts, project)]);
    const at = all.findIndex((version) => version.name === name);
    const version = all[at];
    if (!version) throw notFound(name);
    const present = all.find((one) => one.name === facts.inUse);
    return {
      ...versionView(version, { ...facts, before: all[at - 1] }),
      spiderNames: version.spiders,
      scriptNames: version.scripts,
      requirements: version.requirements,
      settingsModule: version.settingsModule,
      sha256: version.eggSha256,
      use: await useOf(parts, project, version, present),
    };
  });

/** What would change if it came into use. */
async function useOf({ periodic }: Parts, project: number, version: Version, present: Version | undefined) {
  const { added, removed } = changesOf(present ? namesOf(present) : [], namesOf(version));
  const gone = new Set(removed);
  const broken = (await periodic.list(project)).filter(({ tasks }) =>
    tasks.some(({ spider }) => gone.has(spider)),
  );
  return { appear: added, vanish: removed, breaksPeriodic: broken.map(({ id }) => id) };
}

const useVersion = (parts: Parts) =>
  served(
    contracts.useVersion,
    'project.deploy',
  )(async ({ caller, params: { project, version } }) => {
    await caller.may(project);
    if (!(await parts.versions.use(caller.actor, project, version))) throw notFound(version);
    return {};
  });

const deleteVersion = (parts: Parts) =>
  served(
    contracts.deleteVersion,
    'versions.delete',
  )(async ({ caller, params: { project, version: name } }) => {
    await caller.may(project);
    const { versions, scrapyd } = parts;
    const [all, active] = await Promise.all([versions.list(project), versions.activeJobs(project)]);
    if (!all.some((version) => version.name === name)) throw notFound(name);
    const jobs = active.get(name) ?? 0;
    if (jobs > 0 && all.length > 1) {
      throw new DomainError('conflict', 'version_in_use', `version: ${jobs} jobs wait for it or run with it`);
    }
    // The same rule for whoever deletes: without its last version a project has nothing to run.
    if (all.length === 1) await scrapyd.store.removeProject(caller.actor, project);
    else await versions.remove(caller.actor, project, name);
    return {};
  });

const EggForm = z.strictObject({ ...EGG_FIELDS, requirements: z.unknown().optional() });

const deployEgg = (parts: Parts) =>
  served(
    contracts.deployEgg,
    'project.deploy',
  )(async ({ caller, params: { project }, incoming, requestId }) => {
    await caller.may(project);
    return deployReply(parts, incoming, {
      requestId,
      async read(fields) {
        const { version, stack = null } = parseFields(EggForm, fields);
        return { project, version, stack, deployedBy: caller.actor };
      },
      verdict: ({ name, spiders, scripts }) => ({
        version: name,
        spiders: spiders.length,
        scripts: scripts.length,
      }),
    });
  });
