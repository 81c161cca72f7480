import { createAdminStore } from '@spiderhub/db';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';
import { makeUser, organisationOf, PASSWORD } from './people.ts';

let api: ApiUnderTest;
let acme: number;
let globex: number;
let owner: Browser;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

let round = 0;
beforeEach(async () => {
  await api.renew();
  round += 1;
  acme = await organisationOf(api, `acme-${round}`);
  globex = await organisationOf(api, `globex-${round}`);
  owner = await somebody(`owner-${round}`, `acme-${round}`, 'owner');
});

async function somebody(...[name, organisation, role]: [string, string, Parameters<typeof makeUser>[3]]) {
  await makeUser(api, name, organisation, role);
  const browser = new Browser(api);
  expect((await browser.signIn({ name, password: PASSWORD })).status).toBe(200);
  return browser;
}

const numberOf = async (name: string) =>
  (await api.database.database('users').where({ name }).first('id')).id;

async function invite(who: Browser, place: string, role: string): Promise<string> {
  const answer = await who.send('POST', `${place}/invitations`, { role });
  expect([answer.status, answer.body.link ?? answer.body]).toEqual([
    200,
    expect.stringContaining(`/invitation#token=${answer.body.token}`),
  ]);
  return answer.body.token;
}

describe('an invitation', () => {
  it('makes a user with what it says, who is signed in; it works once and only its hash is kept', async () => {
    const token = await invite(owner, `/organisations/${acme}`, 'developer');
    const rows = await api.database.database('links').select('*');
    expect(JSON.stringify(rows)).not.toContain(token);
    const guest = new Browser(api);
    expect((await guest.send('POST', '/links/look', { token })).body).toMatchObject({
      kind: 'invitation',
      organisation: { id: acme },
      project: null,
      role: 'developer',
    });
    const easy = await guest.send('POST', '/accounts', {
      token,
      name: `new-${round}`,
      password: 'qwertyuiop',
    });
    expect(easy.body.error.field).toBe('password');
    const taken = await guest.send('POST', '/accounts', {
      token,
      name: `owner-${round}`,
      password: 'four old typewriters',
    });
    expect(taken.body.error.code).toBe('name_taken');
    const made = await guest.send('POST', '/accounts', {
      token,
      name: `new-${round}`,
      password: 'four old typewriters',
    });
    expect([made.status, made.body.user?.name]).toEqual([200, `new-${round}`]);
    expect((await guest.get('/me')).body.organisations).toEqual([
      { id: acme, name: `acme-${round}`, role: 'developer' },
    ]);
    for (const path of ['/accounts', '/links/password']) {
      const again = await guest.send('POST', path, {
        token,
        password: 'four old typewriters',
        ...(path === '/accounts' && { name: 'x' }),
      });
      expect([again.status, again.body.error.code]).toEqual([404, 'link_not_found']);
    }
    expect((await owner.get(`/organisations/${acme}/invitations`)).body.invitations).toEqual([]);
  });

  it('is for one of many who take it at the same time', async () => {
    const token = await invite(owner, `/organisations/${acme}`, 'reader');
    const takers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        new Browser(api).send('POST', '/accounts', {
          token,
          name: `racer-${round}-${i}`,
          password: 'four old typewriters',
        }),
      ),
    );
    expect(takers.filter(({ status }) => status === 200)).toHaveLength(1);
    const made = await api.database.database('users').whereLike('name', `racer-${round}-%`);
    expect(made).toHaveLength(1);
  });

  it('shares one project with a user of another organisation, and nothing else', async () => {
    const stranger = await somebody(`stranger-${round}`, `globex-${round}`, 'owner');
    const { project } = api.team;
    expect((await stranger.get(`/projects/${project}`)).status).toBe(404);
    const token = await invite(owner, `/projects/${project}`, 'operator');
    expect((await stranger.send('POST', '/me/invitations', { token })).status).toBe(200);
    expect((await stranger.get(`/projects/${project}`)).body).toMatchObject({
      id: project,
      role: 'operator',
    });
    expect((await stranger.get(`/organisations/${acme}`)).status).toBe(404);
    expect((await stranger.send('PATCH', `/projects/${project}`, { name: 'mine' })).status).toBe(403);
    expect((await owner.get(`/projects/${project}/members`)).body.members).toMatchObject([
      { name: `stranger-${round}`, role: 'operator' },
    ]);
    const user = await numberOf(`stranger-${round}`);
    expect((await owner.send('DELETE', `/projects/${project}/members/${user}`)).status).toBe(200);
    expect((await stranger.get(`/projects/${project}`)).status).toBe(404);
  });

  it('never makes who takes it less than it is', async () => {
    const token = await invite(owner, `/organisations/${acme}`, 'reader');
    expect((await owner.send('POST', '/me/invitations', { token })).status).toBe(200);
    expect((await owner.get(`/organisations/${acme}`)).body.role).toBe('owner');
  });

  it('can be taken back, and runs out', async () => {
    const [first, second] = [
      await invite(owner, `/organisations/${acme}`, 'reader'),
      await invite(owner, `/organisations/${acme}`, 'reader'),
    ];
    const { invitations } = (await owner.get(`/organisations/${acme}/invitations`)).body;
    expect(
      (await owner.send('DELETE', `/organisations/${acme}/invitations/${invitations[0].id}`)).status,
    ).toBe(200);
    const { database } = api.database;
    await database('links')
      .where({ id: invitations[1].id })
      .update({ expires_at: database.raw("now() - interval '1 s'") });
    for (const token of [first, second]) {
      expect((await new Browser(api).send('POST', '/links/look', { token })).status).toBe(404);
    }
  });
});

describe('roles', () => {
  it('nobody gives, changes or ends a role above the own', async () => {
    const admin = await somebody(`admin-${round}`, `acme-${round}`, 'admin');
    const place = `/organisations/${acme}`;
    expect((await admin.send('POST', `${place}/invitations`, { role: 'owner' })).status).toBe(403);
    const boss = await numberOf(`owner-${round}`);
    const own = await numberOf(`admin-${round}`);
    expect((await admin.send('PATCH', `${place}/members/${boss}`, { role: 'reader' })).status).toBe(403);
    expect((await admin.send('DELETE', `${place}/members/${boss}`)).status).toBe(403);
    expect((await admin.send('POST', `${place}/members/${boss}/password-link`, {})).status).toBe(403);
    expect((await admin.send('PATCH', `${place}/members/${own}`, { role: 'owner' })).status).toBe(403);
    for (const role of ['developer', 'operator', 'reader'] as const) {
      const who = await somebody(`${role}-${round}`, `acme-${round}`, role);
      expect((await who.send('POST', `${place}/invitations`, { role: 'reader' })).status).toBe(403);
      expect((await who.get(`${place}/members`)).status).toBe(200);
      expect(
        (
          await admin.send('PATCH', `${place}/members/${await numberOf(`${role}-${round}`)}`, {
            role: 'admin',
          })
        ).status,
      ).toBe(200);
      expect((await who.get('/me')).body.organisations[0].role).toBe('admin');
    }
  });

  it('the last owner stays, also when two go at the same time', async () => {
    const place = `/organisations/${acme}/members`;
    await api.database
      .database('members')
      .where({ organisation_id: acme })
      .whereNot({ user_id: await numberOf(`owner-${round}`) })
      .delete();
    const first = await numberOf(`owner-${round}`);
    expect((await owner.send('DELETE', `${place}/${first}`)).body.error.code).toBe('last_owner');
    expect((await owner.send('PATCH', `${place}/${first}`, { role: 'admin' })).status).toBe(409);
    const other = await somebody(`other-${round}`, `acme-${round}`, 'owner');
    const second = await numberOf(`other-${round}`);
    const gone = await Promise.all([
      owner.send('DELETE', `${place}/${second}`),
      other.send('PATCH', `${place}/${first}`, { role: 'reader' }),
    ]);
    expect(gone.filter(({ status }) => status === 200)).toHaveLength(1);
    const owners = await api.database.database('members').where({ organisation_id: acme, role: 'owner' });
    expect(owners).toHaveLength(1);
  });

  it('who is removed from an organisation is out of its projects at once, with keys, too', async () => {
    await somebody(`gone-${round}`, `acme-${round}`, 'developer');
    const user = await numberOf(`gone-${round}`);
    const { database } = api.database;
    await database('project_members').insert({ project_id: api.team.project, user_id: user, role: 'reader' });
    const gone = new Browser(api);
    await gone.signIn({ name: `gone-${round}`, password: PASSWORD });
    expect((await owner.send('DELETE', `/organisations/${acme}/members/${user}`)).status).toBe(200);
    expect((await gone.get('/me')).body).toMatchObject({ organisations: [], projects: [] });
  });
});

describe('a link for a forgotten password', () => {
  it('sets a new one once, and ends every session of before', async () => {
    const forgetful = await somebody(`forgetful-${round}`, `acme-${round}`, 'reader');
    const user = await numberOf(`forgetful-${round}`);
    const path = `/organisations/${acme}/members/${user}/password-link`;
    const replaced = (await owner.send('POST', path, {})).body.token;
    const { token, link } = (await owner.send('POST', path, {})).body;
    expect(link).toContain('/password#token=');
    const password = 'eleven paper lanterns';
    const fresh = new Browser(api);
    expect((await fresh.send('POST', '/links/password', { token: replaced, password })).status).toBe(404);
    expect((await fresh.send('POST', '/links/password', { token, password: 'short' })).status).toBe(400);
    expect((await fresh.send('POST', '/links/password', { token, password })).status).toBe(200);
    expect((await fresh.send('POST', '/links/password', { token, password })).status).toBe(404);
    expect((await forgetful.get('/me')).status).toBe(401);
    expect((await fresh.get('/me')).body.name).toBe(`forgetful-${round}`);
    expect((await new Browser(api).signIn({ name: `forgetful-${round}`, password })).status).toBe(200);
  });

  it('is not made for who belongs elsewhere, too, whose account would come along', async () => {
    await somebody(`both-${round}`, `acme-${round}`, 'reader');
    await createAdminStore(api.database.database).addMember(`globex-${round}`, `both-${round}`, 'owner');
    const user = await numberOf(`both-${round}`);
    const refused = await owner.send('POST', `/organisations/${acme}/members/${user}/password-link`, {});
    expect([refused.status, refused.body.error.message]).toEqual([403, expect.stringContaining('elsewhere')]);
  });
});

it('a key of a project manages nobody, though it may do all else there', async () => {
  const admin = createAdminStore(api.database.database);
  const { hashApiKey, newApiKey } = await import('@spiderhub/core');
  const key = newApiKey();
  await admin.createKey({
    hash: hashApiKey(key),
    hint: 'x',
    user: null,
    project: api.team.project,
    staff: false,
  });
  const client = new Browser(api, withKey(key));
  const { project } = api.team;
  expect((await client.get(`/projects/${project}`)).body.role).toBe('admin');
  expect((await client.send('POST', `/projects/${project}/invitations`, { role: 'reader' })).status).toBe(
    403,
  );
  expect((await client.send('PATCH', `/projects/${project}`, { name: 'x' })).status).toBe(403);
  expect((await client.get('/sessions')).status).toBe(403);
});

it('staff makes organisations and reaches all of them', async () => {
  const { hashApiKey, newApiKey } = await import('@spiderhub/core');
  const key = newApiKey();
  const staffKey = { hash: hashApiKey(key), hint: 'x', user: null, project: null, staff: true };
  await createAdminStore(api.database.database).createKey(staffKey);
  const staff = new Browser(api, withKey(key));
  const made = await staff.send('POST', '/organisations', { name: `initech-${round}` });
  expect(made.body).toEqual({ id: expect.any(Number), name: `initech-${round}`, role: null });
  expect((await staff.send('POST', '/organisations', { name: `initech-${round}` })).body.error.code).toBe(
    'name_taken',
  );
  expect((await owner.send('POST', '/organisations', { name: 'mine' })).status).toBe(403);
  const project = await staff.send('POST', `/organisations/${globex}/projects`, { name: 'by staff' });
  expect(project.body).toMatchObject({ name: 'by staff', organisation: { id: globex } });
  expect((await staff.send('POST', `/organisations/${globex}/projects`, { name: 'by staff' })).status).toBe(
    409,
  );
  const renamed = await owner.send('PATCH', `/organisations/${acme}`, { name: `renamed-${round}` });
  expect(renamed.body.name).toBe(`renamed-${round}`);
  expect((await owner.send('PATCH', `/organisations/${acme}`, { name: `globex-${round}` })).status).toBe(409);
});
