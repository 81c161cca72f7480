import { hashApiKey, newApiKey } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';
import { organisationOf } from './people.ts';

let api: ApiUnderTest;
let organisation: number;
let member: Browser;
let staff: Browser;

beforeAll(async () => {
  api = await startApi();
  organisation = await organisationOf(api, 'acme');
  member = new Browser(api, withKey(api.team.key));
  const key = newApiKey();
  const owner = { user: null, project: null, staff: true };
  await createAdminStore(api.database.database).createKey({ hash: hashApiKey(key), hint: 'x', ...owner });
  staff = new Browser(api, withKey(key));
});
afterAll(() => api?.close());

it('are set by staff and read by admins, with what there is', async () => {
  const path = `/organisations/${organisation}/limits`;
  const changed = await staff.send('PATCH', path, { pendingJobs: 10, webhooks: null });
  expect(changed.status).toBe(200);
  await api.post('/api/schedule.json', `project=${api.team.project}&spider=a`).expect(200);
  const { status, body } = await member.get(path);
  expect([status, body]).toEqual([200, expect.anything()]);
  expect(body.limits.pendingJobs).toEqual({ limit: 10, isSet: true, used: 1 });
  expect(body.limits.webhooks).toEqual({ limit: null, isSet: true, used: null });
  expect(body.limits.periodicJobs).toEqual({ limit: null, isSet: false, used: 0 });

  const own = `/projects/${api.team.project}/limits`;
  expect((await staff.send('PATCH', own, { runningJobs: 3 })).status).toBe(200);
  const project = await member.get(own);
  expect(project.body.limits.runningJobs).toEqual({ limit: 3, isSet: true, used: 0 });
  expect(project.body.limits.pendingJobs).toEqual({ limit: null, isSet: false, used: 1 });
  expect(project.body.ofOrganisation.pendingJobs).toBe(10);

  await staff.send('PATCH', path, { pendingJobs: 'default' });
  expect((await member.get(path)).body.limits.pendingJobs).toEqual({ limit: null, isSet: false, used: 1 });
});

it('are not for admins to set', async () => {
  const answer = await member.send('PATCH', `/projects/${api.team.project}/limits`, { pendingJobs: 5 });
  expect([answer.status, answer.body.error.message]).toEqual([403, 'only staff sets limits']);
});

it.each([
  [{ pendingJobs: 0 }],
  [{ pendingJobs: 1.5 }],
  [{ pendingJobs: '5' }],
  [{ runningJobs: 2 ** 31 }],
  [{ burstSeconds: 3601 }],
  [{ spiders: 1 }],
])('refuses %j', async (body) => {
  const answer = await staff.send('PATCH', `/organisations/${organisation}/limits`, body);
  expect([answer.status, answer.body.error.code]).toEqual([400, 'invalid_parameter']);
});

it('stand beside what a project takes of jobs, items and bytes', async () => {
  const { database } = api.database;
  const { project } = api.team;
  await database('jobs').where({ project_id: project }).update({ items: 7 });
  await database('project_usage').insert({ project_id: project, stored_bytes: 12_345 });
  const { status, body } = await member.get(`/projects/${project}/usage`);
  const pending = (await database('jobs').where({ project_id: project }).select('id')).length;
  expect([status, body]).toEqual([
    200,
    {
      jobs: { pending, running: 0, finished: 0, deleted: 0 },
      items: 7 * pending,
      blobBytes: expect.any(Number),
      storedBytes: 12_345,
    },
  ]);
  expect(pending).toBeGreaterThan(0);
});
