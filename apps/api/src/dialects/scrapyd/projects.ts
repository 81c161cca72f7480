import type { DeployedProject, Principal, Reach, ScrapydView } from '@spiderhub/core';

/** How long a project is trusted to be as it was. Only what was found is remembered: what is new is seen at once. */
const TRUST_MS = 1000;
const MAX_REMEMBERED = 1000;

/** The projects of a caller. Members of organisations reach these, a key of one project reaches that one. */
export function reachOf(who: Principal): Reach {
  return {
    organisations: who.organisations,
    projects: who.organisations.length > 0 ? [] : [...who.projects],
  };
}

export interface Projects {
  /** As it was at most a second ago; never null for one that exists. */
  recent(reach: Reach, name: string): Promise<DeployedProject | null>;
  /** As it is now. */
  now(reach: Reach, name: string): Promise<DeployedProject | null>;
  /** Numbers of all projects in reach, as they were at most a second ago: a new one may be missing. */
  recentIds(reach: Reach): Promise<number[]>;
  forget(): void;
}

export function createProjects(
  view: Pick<ScrapydView, 'findProject' | 'projects'>,
  now: () => number = Date.now,
): Projects {
  const known = new Map<string, { project: DeployedProject; until: number }>();
  const ids = new Map<string, { ids: number[]; until: number }>();

  function keyOf({ organisations, projects }: Reach, name: string): string {
    return `${organisations.join(',')}|${projects.join(',')}|${name}`;
  }

  async function load(reach: Reach, name: string): Promise<DeployedProject | null> {
    const key = keyOf(reach, name);
    const project = name.includes('\0') ? null : await view.findProject(reach, name);
    if (known.size >= MAX_REMEMBERED) known.clear();
    if (project) known.set(key, { project, until: now() + TRUST_MS });
    else known.delete(key);
    return project;
  }

  return {
    async recent(reach, name) {
      const found = known.get(keyOf(reach, name));
      return found && found.until > now() ? found.project : load(reach, name);
    },
    now: load,
    async recentIds(reach) {
      const key = keyOf(reach, '');
      const found = ids.get(key);
      if (found && found.until > now()) return found.ids;
      if (ids.size >= MAX_REMEMBERED) ids.clear();
      const all = (await view.projects(reach)).map(({ id }) => id);
      ids.set(key, { ids: all, until: now() + TRUST_MS });
      return all;
    },
    forget() {
      known.clear();
      ids.clear();
    },
  };
}
