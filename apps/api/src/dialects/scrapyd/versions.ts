import { inVersionOrder } from '@spiderhub/core';
import type { DeployedProject, DeployedVersion } from '@spiderhub/core/scrapyd';

/** The name of a version's file in Scrapyd, which is what its clients see. */
export function sanitised(version: string): string {
  return version.replace(/[^A-Za-z0-9_-]/gu, '_');
}

/** The latest one last. */
export function inOrder({ versions, latest }: DeployedProject): DeployedVersion[] {
  const ordered = inVersionOrder(versions);
  return [...ordered.filter(({ name }) => name !== latest), ...ordered.filter(({ name }) => name === latest)];
}

/** Names as `listversions.json` shows them: sanitised, but as they are where two would look the same. */
export function shownNames(project: DeployedProject): string[] {
  const ordered = inOrder(project);
  const shared = new Map<string, number>();
  for (const { name } of ordered) shared.set(sanitised(name), (shared.get(sanitised(name)) ?? 0) + 1);
  return ordered.map(({ name }) => (shared.get(sanitised(name)) === 1 ? sanitised(name) : name));
}

/**
 * The version that a caller means: the one it deployed under this name, or the latest one that is shown under it.
 * Undefined for none.
 */
export function findVersion(project: DeployedProject, asked: string): DeployedVersion | undefined {
  const exact = project.versions.find(({ name }) => name === asked);
  return exact ?? inOrder(project).findLast(({ name }) => sanitised(name) === sanitised(asked));
}

/** What a job runs that names no version. */
export function latestVersion(project: DeployedProject): DeployedVersion | undefined {
  return project.versions.find(({ name }) => name === project.latest);
}
