import type { Version } from '@spiderhub/core';

/** Names of spiders, and of scripts as they are scheduled. */
export function namesOf({ spiders, scripts }: Pick<Version, 'spiders' | 'scripts'>): string[] {
  return [...spiders, ...scripts.map((script) => `py:${script}`)];
}

/** What is in the second list and not in the first, and the other way round. */
export function changesOf(before: readonly string[], after: readonly string[]) {
  const [old, fresh] = [new Set(before), new Set(after)];
  return {
    added: [...fresh].filter((name) => !old.has(name)),
    removed: [...old].filter((name) => !fresh.has(name)),
  };
}

function linesOf(requirements: string | null): string[] {
  return (requirements ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

export interface VersionFacts {
  /** The one that was deployed before it. */
  before: Version | undefined;
  inUse: string | null;
  active: ReadonlyMap<string, number>;
}

export function versionView(version: Version, { before, inUse, active }: VersionFacts) {
  const { name, deployedAt, deployedBy, spiders, scripts, eggSizeBytes, stack } = version;
  return {
    name,
    deployedAt: deployedAt.toISOString(),
    deployedBy,
    inUse: name === inUse,
    spiders: spiders.length,
    scripts: scripts.length,
    changes: before
      ? {
          ...changesOf(namesOf(before), namesOf(version)),
          requirements: changesOf(linesOf(before.requirements), linesOf(version.requirements)),
        }
      : null,
    size: eggSizeBytes,
    stack,
    activeJobs: active.get(name) ?? 0,
  };
}
