import { createAdminStore } from '@spiderhub/db';
import { saveVersion, scheduleRequest } from '@spiderhub/testkit';
import type { ApiUnderTest } from '../../integration/api/support.ts';

/** What a request may be about: something of the caller's, of somebody else, or of nobody. */
export interface Target {
  project: number;
  projectName: string;
  organisation: number;
  user: number;
  comment: number;
}

export interface World {
  own: Target;
  foreign: Target;
  /** Numbers and names as long as the foreign ones, so that answers have no other length. */
  missing: Target;
  /** Name of the own organisation. */
  organisation: string;
  /** Makes good what earlier requests have deleted. */
  restore(): Promise<void>;
}

/** Numbers that stand for nothing else in an answer. */
const FIRST = { organisations: 700_001, users: 800_001, comments: 600_001 };

export async function makeWorld(api: ApiUnderTest): Promise<World> {
  for (const [table, first] of Object.entries(FIRST)) {
    await api.database.database.raw(`alter table ${table} alter column id restart with ${first}`);
  }
  const own = await makeSide(api, 'own', 900_001);
  const foreign = await makeSide(api, 'for', 900_002);
  const { database } = api.database;
  return {
    own,
    foreign,
    missing: {
      project: unused(foreign.project),
      projectName: 'mis-project',
      organisation: unused(foreign.organisation),
      user: unused(foreign.user),
      comment: unused(foreign.comment),
    },
    organisation: 'own',
    async restore() {
      for (const side of [own, foreign]) {
        await saveVersion(database, side.project, '1.0', ['a', 'b']);
        const member = { organisation_id: side.organisation, user_id: side.user, role: 'reader' };
        await database('members').insert(member).onConflict(['organisation_id', 'user_id']).merge();
      }
    },
  };
}

/** The greatest number of as many digits: no sequence of a test comes so far. */
function unused(id: number): number {
  return 10 ** String(id).length - 1;
}

async function makeSide(api: ApiUnderTest, name: string, project: number): Promise<Target> {
  const { database } = api.database;
  const admin = createAdminStore(database);
  const projectName = `${name}-project`;
  const { value: organisation } = await admin.createOrganisation(name);
  await admin.createProject({ id: project, organisation: name, name: projectName, paused: false });
  const { value: user } = await admin.createUser(`${name}-member`);
  await saveVersion(database, project, '1.0', ['a', 'b']);
  const job = await api.jobs.schedule(scheduleRequest(project, 'a'));
  const comment = await api.parts.comments.add({ job, item: 0 }, 'x', 'y');
  if (!comment) throw new Error('no comment was made');
  return { project, projectName, organisation: organisation.id, user: user.id, comment: comment.id };
}
