import {
  hashApiKey,
  keyHint,
  newApiKey,
  type ScheduleRequest,
  service,
  type VersionStore,
} from '@spiderhub/core';
import { createAdminStore, createVersionStore, type Database } from '@spiderhub/db';

export interface Team {
  project: number;
  key: string;
}

/** An organisation with one project, a user with a key, and spiders `a` and `b` deployed as version `1.0`. */
export async function makeTeam(database: Database, name = 'acme', spiders = ['a', 'b']): Promise<Team> {
  const admin = createAdminStore(database);
  await admin.createOrganisation(name);
  await admin.createUser(`${name}-user`);
  await admin.addMember(name, `${name}-user`);
  const { value: project } = await admin.createProject({
    id: null,
    organisation: name,
    name: `${name}-project`,
    paused: false,
  });
  const key = newApiKey();
  await admin.createKey({
    hash: hashApiKey(key),
    hint: keyHint(key),
    user: `${name}-user`,
    project: null,
    staff: false,
  });
  await saveVersion(database, project.id, '1.0', spiders);
  return { project: project.id, key };
}

/** A version; without an egg unless one is named, which is enough for whatever does not run it. */
export async function saveVersion(
  database: Database,
  project: number,
  name: string,
  spiders: string[],
  more: Partial<Parameters<VersionStore['save']>[1]> = {},
): Promise<void> {
  await createVersionStore(database).save(service('test'), {
    project,
    name,
    eggSha256: 'none',
    image: null,
    eggSizeBytes: 0,
    extraEggs: [],
    requirements: null,
    stack: null,
    settingsModule: 'demo.settings',
    spiders,
    scripts: [],
    deployedBy: 'test',
    ...more,
  });
}

/** A request that asks for nothing but a run of the spider. */
export function scheduleRequest(
  project: number,
  spider: string,
  more: Partial<ScheduleRequest> = {},
): ScheduleRequest {
  return {
    project,
    spider,
    args: {},
    tags: [],
    priority: 2,
    units: 1,
    settings: {},
    environment: {},
    command: null,
    meta: {},
    version: null,
    state: 'pending',
    external: false,
    uniqueKey: null,
    idempotencyKey: null,
    scheduledBy: 'test',
    requestId: null,
    ...more,
  };
}
