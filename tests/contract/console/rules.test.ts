import { newSecretKey, readSecretKeys } from '@spiderhub/core';
import { createMailer } from '@spiderhub/mail';
import { scheduleRequest } from '@spiderhub/testkit';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';
import { makeUser } from './people.ts';

let api: ApiUnderTest;
let place: string;
let me: Browser;
const keys = readSecretKeys(newSecretKey()) ?? [];

beforeAll(async () => {
  const mailer = createMailer({ SMTP_URL: 'smtp://127.0.0.1:9' });
  api = await startApi({ ground: { secretKeys: async () => keys, mailer } });
});
beforeEach(async () => {
  await api.renew();
  place = `/projects/${api.team.project}/rules`;
  me = new Browser(api, withKey(api.team.key));
});
afterAll(() => api.close());

const CHAIN = {
  name: 'clean what was crawled',
  when: { spiders: ['a'], outcomes: ['finished'] },
  action: { channel: 'run', spider: 'b', args: { source: '{{job.key}}' }, tags: ['cleaned'] },
};

const TOLD = { action: { channel: 'slack', url: 'https://hooks.example.org/x' } };

it('makes a rule, shows it, changes it and removes it', async () => {
  const made = (await me.send('POST', place, CHAIN)).body;
  expect(made).toMatchObject({
    ...CHAIN,
    when: {
      ...CHAIN.when,
      hasTag: [],
      exceptOutcomes: [],
      minErrors: null,
      isEmpty: false,
      lastWithTag: null,
      noRun: null,
    },
    action: { ...CHAIN.action, priority: 2 },
    disabled: false,
  });
  const one = `${place}/${made.id}`;
  expect((await me.get(one)).body).toEqual(made);
  expect((await me.get(place)).body).toEqual({ rules: [made] });
  const { webhook } = (
    await me.send('POST', `/projects/${api.team.project}/webhooks`, { url: 'https://example.org/' })
  ).body;
  const changed = await me.send('PATCH', one, {
    disabled: true,
    action: { channel: 'webhook', webhook: webhook.id },
  });
  expect(changed.body).toMatchObject({ name: CHAIN.name, disabled: true, action: { channel: 'webhook' } });
  const slack = await me.send('PATCH', one, {
    action: { channel: 'slack', url: 'https://hooks.example.org/x' },
  });
  expect(slack.status).toBe(200);
  // What a rule sends to is no webhook of the project.
  expect((await me.get(`/projects/${api.team.project}/webhooks`)).body.webhooks).toHaveLength(1);
  expect((await me.get(`${one}/firings`)).body).toEqual({ firings: [] });
  const { spider, job } = await api.jobs.schedule(scheduleRequest(api.team.project, 'a'));
  expect((await me.get(`/projects/${api.team.project}/jobs/${spider}/${job}/triggers`)).body).toEqual({
    madeBy: null,
    made: [],
  });
  expect(await me.send('DELETE', one)).toMatchObject({ status: 200, body: {} });
  expect((await me.get(one)).status).toBe(404);
});

it('makes a rule for what does not run', async () => {
  const when = { spiders: ['a', 'b'], outcomes: ['finished'], noRun: { hours: 26, recovery: true } };
  const made = await me.send('POST', place, { ...CHAIN, ...TOLD, when });
  expect(made.status).toBe(200);
  expect(made.body.when).toMatchObject({
    ...when,
    noRun: { hours: 26, of: 'end', schedule: null, recovery: true },
  });
  const answer = await me.send('PATCH', `${place}/${made.body.id}`, { action: CHAIN.action });
  expect([answer.status, answer.body.error?.field]).toEqual([400, 'action']);
});

it('refuses by its field what could never work', async () => {
  for (const [change, field] of [
    [{ name: '' }, 'name'],
    [{ action: { ...CHAIN.action, spider: 'nobody' } }, 'action'],
    [{ action: { ...CHAIN.action, args: { x: '{{job.password}}' } } }, 'action'],
    [{ action: { channel: 'webhook', webhook: 999 } }, 'action'],
    [{ action: { channel: 'slack', url: 'ftp://x/' } }, 'action'],
    [{ action: { channel: 'pigeon' } }, 'action'],
    [{ when: { hasTag: [''] } }, 'when'],
    [{ when: { noRun: { hours: 1 } } }, 'action'],
    [{ ...TOLD, when: { noRun: { hours: 0 } } }, 'when'],
    [{ ...TOLD, when: { noRun: { hours: 1 }, isEmpty: true } }, 'when'],
    [{ ...TOLD, when: { noRun: { hours: 1, schedule: 999 } } }, 'when'],
    [{ ...TOLD, when: { noRun: { hours: 1, schedule: 1 }, spiders: ['a'] } }, 'when'],
    [{ ...TOLD, when: { noRun: { hours: 1, of: 'start' }, outcomes: ['finished'] } }, 'when'],
    [{ when: { weather: 'bad' } }, 'weather'],
    [{ colour: 'red' }, 'colour'],
  ] as const) {
    const answer = await me.send('POST', place, { ...CHAIN, ...change });
    expect([answer.status, answer.body.error?.field]).toEqual([400, field]);
  }
});

describe('mail', () => {
  const mailTo = (...users: number[]) => ({ ...CHAIN, action: { channel: 'email', users } });

  it('goes to those alone who belong to the project and have shown an address to be theirs', async () => {
    const users = api.database.database('users');
    const { name: organisation } = await api.database
      .database('organisations as o')
      .join('projects as p', 'p.organisation_id', 'o.id')
      .where('p.id', api.team.project)
      .first('o.name');
    const member = await makeUser(api, 'mailed', organisation, 'reader');
    const silent = await makeUser(api, 'silent', organisation, 'reader');
    const stranger = await makeUser(api, 'stranger');
    await users.clone().where({ id: member.id }).update({ email: 'mailed@example.org' });
    await users.clone().where({ id: stranger.id }).update({ email: 'stranger@example.org' });
    const known = await me.get(`/projects/${api.team.project}/addressees`);
    expect(known.body).toEqual({ mail: true, addressees: [{ user: member.id, name: 'mailed' }] });
    const made = await me.send('POST', place, mailTo(member.id, member.id));
    expect(made.body.action).toEqual({ channel: 'email', users: [member.id] });
    for (const bad of [mailTo(silent.id), mailTo(member.id, stranger.id), mailTo(999_999), mailTo()]) {
      const answer = await me.send('POST', place, bad);
      expect([answer.status, answer.body.error?.field]).toEqual([400, 'action']);
    }
    // Who leaves does not keep anybody from disabling the rule.
    await api.database.database('members').where({ user_id: member.id }).delete();
    const changed = await me.send('PATCH', `${place}/${made.body.id}`, { disabled: true });
    expect([changed.status, changed.body.disabled]).toEqual([200, true]);
  });

  it('is refused where the service sends none', async () => {
    const mute = await startApi();
    try {
      const her = new Browser(mute, withKey(mute.team.key));
      const answer = await her.send('POST', `/projects/${mute.team.project}/rules`, mailTo(1));
      expect([answer.status, answer.body.error?.code]).toEqual([409, 'no_mail']);
      const { body } = await her.get(`/projects/${mute.team.project}/addressees`);
      expect(body).toEqual({ mail: false, addressees: [] });
    } finally {
      await mute.close();
    }
  });
});
