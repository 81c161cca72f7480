import { hashPassword } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { type Service, startService } from '../../support/service.ts';
import { Visitor } from './visitor.ts';

/** Attacks on sessions and links of a running service with two processes: what one ends is over at the other. */

const PASSWORD = 'seven green bicycles';
const NEW_PASSWORD = 'nine blue umbrellas';
const SESSION = 'spiderhub_session';

let service: Service;
let organisation: number;

beforeAll(async () => {
  service = await startService({ workers: 0, env: { API_PROCESSES: '2' } });
  organisation = (await service.db.database('organisations').where({ name: 'acme' }).first('id')).id;
});
afterAll(() => service.stop());

interface Person {
  visitor: Visitor;
  csrf: Record<string, string>;
}

async function signedIn(name: string, visitor = new Visitor(service.url)): Promise<Person> {
  const answer = await visitor.post('/console/session', { name, password: PASSWORD });
  expect(answer.status).toBe(200);
  return { visitor, csrf: { 'x-csrf-token': ((await answer.json()) as { csrfToken: string }).csrfToken } };
}

async function user(name: string): Promise<Person> {
  const admin = createAdminStore(service.db.database);
  const { value } = await admin.createUser(name);
  const password_hash = await hashPassword(PASSWORD);
  await service.db.database('users').where({ id: value.id }).update({ password_hash });
  await admin.addMember('acme', name, 'owner');
  return signedIn(name);
}

/** Asked often enough to meet both processes. */
async function statusesOf(visitor: Visitor, path = '/console/me'): Promise<number[]> {
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => visitor.get(path).then(({ status }) => status)),
  );
  return [...new Set(answers)];
}

it('a session that somebody planted in a browser is not the one that its owner signs in with', async () => {
  const eve = await user('eve');
  await user('ann');
  for (const planted of [eve.visitor.cookie(SESSION), 'made-up-by-eve', '']) {
    const victim = new Visitor(service.url);
    victim.plant(SESSION, planted);
    await signedIn('ann', victim);
    expect(victim.cookie(SESSION)).toMatch(/^[\w-]{43}$/);
    expect(victim.cookie(SESSION)).not.toBe(planted);
    const attacker = new Visitor(service.url);
    attacker.plant(SESSION, planted);
    expect(await statusesOf(attacker)).toEqual([401]);
  }
});

it('a session opens nothing outside of /console, and no way to write a path leads from there to elsewhere', async () => {
  const { visitor } = await user('bea');
  const stolen = new Visitor(service.url);
  stolen.plant(SESSION, visitor.cookie(SESSION));
  const { project } = service.team;
  for (const path of [
    `/api/jobs/list.json?project=${project}`,
    `/storage/jobq/${project}/count`,
    `/jobq/${project}/count`,
    '/scrapyd/listprojects.json',
    '/scrapyd/logs/',
  ])
    expect([path, (await stolen.get(path)).status]).toEqual([path, 401]);
  for (const path of [
    `/console/..%2fstorage/jobq/${project}/count`,
    `/console/%2e%2e/storage/jobq/${project}/count`,
    `/console//storage/jobq/${project}/count`,
    `/console/..;/storage/jobq/${project}/count`,
    `/console\\..\\storage/jobq/${project}/count`,
  ]) {
    const answer = await stolen.get(path);
    expect([path, answer.status >= 400]).toEqual([path, true]);
    expect([path, answer.headers.get('access-control-allow-origin')]).toEqual([
      path,
      // What a browser itself makes a path of the storage of: there the cookie does not travel, and a key is asked for.
      answer.status === 401 ? '*' : null,
    ]);
  }
});

it('a new password ends every other session at once, at both processes', async () => {
  const here = await user('carl');
  const [there, stolen] = [await signedIn('carl'), new Visitor(service.url)];
  stolen.plant(SESSION, there.visitor.cookie(SESSION));
  expect(await statusesOf(stolen)).toEqual([200]);
  const changed = await here.visitor.send(
    'PUT',
    '/console/me/password',
    { current: PASSWORD, password: NEW_PASSWORD },
    here.csrf,
  );
  expect(changed.status).toBe(200);
  expect(await statusesOf(stolen)).toEqual([401]);
  expect(await statusesOf(here.visitor)).toEqual([200]);
  const old = await new Visitor(service.url).post('/console/session', { name: 'carl', password: PASSWORD });
  expect(old.status).toBe(401);
});

it('a link works once, however many come with it at the same time, and not for anything else', async () => {
  const { visitor, csrf } = await user('dora');
  const make = async (path: string, body: object) =>
    (
      (await (await visitor.post(`/console/organisations/${organisation}${path}`, body, csrf)).json()) as {
        token: string;
      }
    ).token;
  const invitation = await make('/invitations', { role: 'reader' });
  const takers = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      new Visitor(service.url).post('/console/accounts', {
        token: invitation,
        name: `taker-${i}`,
        password: NEW_PASSWORD,
      }),
    ),
  );
  expect(takers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, ...Array(9).fill(404)]);
  const { id } = await service.db.database('users').whereLike('name', 'taker-%').first('id');
  const link = await make(`/members/${id}/password-link`, {});
  for (const path of ['/session', '/accounts', '/me/invitations']) {
    const body = path === '/accounts' ? { token: link, name: 'x', password: NEW_PASSWORD } : { token: link };
    expect([path, (await visitor.post(`/console${path}`, body, csrf)).status]).toEqual([path, 404]);
  }
  const setters = await Promise.all(
    Array.from({ length: 10 }, () =>
      new Visitor(service.url).post('/console/links/password', { token: link, password: NEW_PASSWORD }),
    ),
  );
  expect(setters.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, ...Array(9).fill(404)]);
});
