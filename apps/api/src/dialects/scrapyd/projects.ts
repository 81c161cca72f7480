import type { Reach } from '@spiderhub/core';
import type { DeployedProject, ScrapydView } from '@spiderhub/core/scrapyd';
import { LRUCache } from 'lru-cache';

/** How long a project is trusted to be as it was. Only what was found is remembered: what is new is seen at once. */
const TRUST_MS = 1000;
const MAX_REMEMBERED = 1000;

export interface Projects {
  /** As it was at most a second ago; never null for one that exists. */
  recent(reach: Reach, name: string): Promise<DeployedProject | null>;
  /** As it is now. */
  now(reach: Reach, name: string): Promise<DeployedProject | null>;
  /** Numbers of all projects in reach, as they were at most a second ago: a new one may be missing. */
  recentIds(reach: Reach): Promise<number[]>;
  /** Makes what was found before now count no more, also what is still on its way from the database. */
  forget(): void;
}

const rememberedProjects = () =>
  new LRUCache<string, { project: DeployedProject; until: number }>({ max: MAX_REMEMBERED });
const rememberedIds = () => new LRUCache<string, { ids: number[]; until: number }>({ max: MAX_REMEMBERED });

export function createProjects(
  view: Pick<ScrapydView, 'findProject' | 'projects'>,
  now: () => number = Date.now,
): Projects {
  let known = rememberedProjects();
  let ids = rememberedIds();

  function keyOf({ organisations, projects }: Reach, name: string): string {
    return `${organisations.join(',')}|${projects.join(',')}|${name}`;
  }

  async function load(reach: Reach, name: string): Promise<DeployedProject | null> {
    const key = keyOf(reach, name);
    // Whoever forgets meanwhile begins a new cache.
    const remembered = known;
    const project = name.includes('\0') ? null : await view.findProject(reach, name);
    if (project) remembered.set(key, { project, until: now() + TRUST_MS });
    else remembered.delete(key);
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
      const remembered = ids;
      const all = (await view.projects(reach)).map(({ id }) => id);
      remembered.set(key, { ids: all, until: now() + TRUST_MS });
      return all;
    },
    forget() {
      known = rememberedProjects();
      ids = rememberedIds();
    },
  };
}
