import type { BlobStore } from '../ports/blob-store.ts';
import type { EggContents, EggInspector } from '../ports/egg-inspector.ts';
import type { EggStore } from '../ports/egg-store.ts';
import type { Version, VersionStore } from '../ports/version-store.ts';

export interface DeployRequest {
  project: number;
  version: string;
  eggPath: string;
  extraEggPaths: string[];
  requirements: string | null;
  stack: string | null;
  deployedBy: string;
}

export type Deployed = Omit<Version, 'deployedAt'>;

export interface Deploy {
  /** Inspects first and stores afterwards: a bad egg changes nothing. Throws `invalid` with the reason. */
  deploy(request: DeployRequest, log: (line: string) => void): Promise<Deployed>;
  /** Stores what was inspected already, and nothing beside it. */
  store(request: DeployRequest, contents: EggContents): Promise<Deployed>;
  /** The stack of the project's newest version, which it keeps when a deploy names none. */
  stackOf(project: number): Promise<string | null>;
}

/** With `eggs`, the eggs that a project keeps beside its versions become part of each version that is deployed. */
export function createDeploy(
  inspector: EggInspector,
  blobs: BlobStore,
  versions: VersionStore,
  eggs?: EggStore,
): Deploy {
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
      requirements: request.requirements,
      stack: request.stack,
      deployedBy: request.deployedBy,
      ...contents,
    };
    await versions.save(version);
    return version;
  }

  async function stackOf(project: number): Promise<string | null> {
    return (await versions.newest(project))?.stack ?? null;
  }

  return {
    async deploy(asked, log) {
      const extraEggPaths = [...asked.extraEggPaths, ...(await keptEggPaths(asked.project))];
      const request = { ...asked, extraEggPaths };
      const keptStack = await stackOf(asked.project);
      return store(request, await inspector.inspect({ ...request, keptStack }, log));
    },
    store,
    stackOf,
  };
}
