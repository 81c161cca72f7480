import type { Actor } from '../access/actor.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { EggContents, EggInspector, EggToInspect } from '../ports/egg-inspector.ts';
import type { EggStore } from '../ports/egg-store.ts';
import type { Version, VersionStore } from '../ports/version-store.ts';
import type { ProjectVariables } from '../variables/variables.ts';

export interface DeployRequest {
  project: number;
  version: string;
  eggPath: string;
  extraEggPaths: string[];
  requirements: string | null;
  stack: string | null;
  deployedBy: Actor;
}

export type Deployed = Omit<Version, 'deployedAt'>;

export interface Deploy {
  /** Inspects first and stores afterwards: a bad egg changes nothing. Throws `invalid` with the reason. */
  deploy(request: DeployRequest, log: (line: string) => void): Promise<Deployed>;
  /** Stores what was inspected already, and nothing beside it. */
  store(request: DeployRequest, contents: EggContents): Promise<Deployed>;
  /**
   * Looks into an egg as the project would run it, with the project's variables and, where none is named, its stack. Null
   * for a project that is still to be made. Throws `invalid` with the reason.
   */
  inspect(egg: NewEgg, log: (line: string) => void): Promise<EggContents>;
}

type NewEgg = Omit<EggToInspect, 'keptStack' | 'variables'>;

/** What a deploy takes from elsewhere. */
export interface DeployParts {
  inspector: EggInspector;
  blobs: BlobStore;
  versions: VersionStore;
  /** With it, the eggs that a project keeps beside its versions become part of each version that is deployed. */
  eggs?: EggStore;
  variables: Pick<ProjectVariables, 'ofProject'>;
}

export function createDeploy({ inspector, blobs, versions, eggs, variables }: DeployParts): Deploy {
  async function keptEggPaths(project: number): Promise<string[]> {
    const kept = (await eggs?.list(project)) ?? [];
    return Promise.all(kept.map(({ sha256 }) => blobs.localPath(sha256)));
  }

  async function store(request: DeployRequest, contents: EggContents): Promise<Deployed> {
    const egg = await blobs.putFile(request.eggPath);
    const extraEggs: string[] = [];
    for (const path of request.extraEggPaths) extraEggs.push((await blobs.putFile(path)).sha256);
    const version: Deployed = {
      project: request.project,
      name: request.version,
      eggSha256: egg.sha256,
      eggSizeBytes: egg.sizeBytes,
      extraEggs,
      image: null,
      requirements: request.requirements,
      stack: request.stack,
      deployedBy: request.deployedBy.name,
      ...contents,
    };
    await versions.save(request.deployedBy, version);
    return version;
  }

  async function inspect(egg: NewEgg, log: (line: string) => void): Promise<EggContents> {
    const { project } = egg;
    if (project === null) return inspector.inspect(egg, log);
    const [newest, seen] = await Promise.all([versions.newest(project), variables.ofProject(project)]);
    return inspector.inspect({ ...egg, keptStack: newest?.stack ?? null, variables: seen }, log);
  }

  return {
    async deploy(asked, log) {
      const extraEggPaths = [...asked.extraEggPaths, ...(await keptEggPaths(asked.project))];
      const request = { ...asked, extraEggPaths };
      return store(request, await inspect(request, log));
    },
    store,
    inspect,
  };
}
