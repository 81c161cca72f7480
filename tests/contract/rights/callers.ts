import { hashApiKey, hashPassword, newApiKey, ROLES, type Role } from '@spiderhub/core';
import { createAdminStore, createScrapydUserStore } from '@spiderhub/db';
import { scheduleRequest } from '@spiderhub/testkit';
import type { Parts } from '../../../apps/api/src/parts.ts';
import type { ApiUnderTest } from '../../integration/api/support.ts';
import type { World } from './world.ts';

export interface Caller {
  /** As the table calls it. */
  name: string;
  /** Headers that show who calls; made anew for each request, since some requests end what they are sent with. */
  headers(): Promise<Record<string, string>>;
}

const basic = (user: string, password = '') => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

/** Every role and every kind of credential, all of the own organisation. */
export async function makeCallers(api: ApiUnderTest, parts: Parts, world: World): Promise<Caller[]> {
  const { database } = api.database;
  const admin = createAdminStore(database);
  const { own, organisation } = world;

  async function keyOf(what: {
    user?: string;
    project?: number;
    role?: Role;
    staff?: boolean;
  }): Promise<string> {
    const key = newApiKey();
    const { user = null, project = null, staff = false, role } = what;
    await admin.createKey({ hash: hashApiKey(key), hint: 'x', user, project, staff, ...(role && { role }) });
    return key;
  }
  const byKey = (name: string, key: string): Caller => ({ name, headers: async () => basic(key) });

  const callers: Caller[] = [await crawl(api, parts, own.project)];
  for (const role of ROLES) {
    await admin.createUser(role);
    await admin.addMember(organisation, role, role);
    callers.push(byKey(role, await keyOf({ user: role })));
  }
  for (const role of ['owner', 'reader'] as const) {
    const { id } = await database('users').where({ name: role }).first('id');
    callers.push({ name: `session of ${role}`, headers: () => session(parts, id) });
  }
  // What it is in its organisation is less than what it may.
  await admin.createUser('of-staff');
  await admin.addMember(organisation, 'of-staff', 'reader');
  await admin.setStaff('of-staff', true);
  const { id: ofStaff } = await database('users').where({ name: 'of-staff' }).first('id');
  callers.push({ name: 'session of staff', headers: () => session(parts, ofStaff) });
  callers.push(byKey('key', await keyOf({ project: own.project })));
  callers.push(byKey('reading key', await keyOf({ project: own.project, role: 'reader' })));
  callers.push(byKey('staff', await keyOf({ staff: true })));
  const revoked = await keyOf({ user: 'owner' });
  const { id } = await database('api_keys')
    .where({ hash: hashApiKey(revoked) })
    .first('id');
  await admin.revokeKey(id);
  callers.push(byKey('revoked', revoked));
  callers.push({ name: 'nobody', headers: async () => ({}) });
  const scrapydUsers = createScrapydUserStore(database);
  for (const role of ['admin', 'operator'] as const) {
    await scrapydUsers.saveUser(organisation, `scrapyd-${role}`, await hashPassword('a password'), role);
    callers.push({ name: `scrapyd ${role}`, headers: async () => basic(`scrapyd-${role}`, 'a password') });
  }
  return callers;
}

/** A crawl that runs, with the token of its job. */
async function crawl(api: ApiUnderTest, parts: Parts, project: number): Promise<Caller> {
  const request = scheduleRequest(project, 'a', { state: 'running', external: true });
  const key = await api.jobs.schedule(request);
  const token = parts.tokens.sign(key);
  return { name: 'job', headers: async () => basic(`${key.project}/${key.spider}/${key.job}`, token) };
}

async function session(parts: Parts, user: number): Promise<Record<string, string>> {
  const { token, csrfToken } = await parts.people.sessions.open(user, '127.0.0.1', undefined);
  return { cookie: `spiderhub_session=${token}`, 'x-csrf-token': csrfToken };
}
