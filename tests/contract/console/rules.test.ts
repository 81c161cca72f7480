import { newSecretKey, readSecretKeys } from '@spiderhub/core';
import { scheduleRequest } from '@spiderhub/testkit';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';

let api: ApiUnderTest;
let place: string;
let me: Browser;
const keys = readSecretKeys(newSecretKey()) ?? [];

beforeAll(async () => {
  api = await startApi({ ground: { secretKeys: async () => keys } });
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

it('refuses by its field what could never work', async () => {
  for (const [change, field] of [
    [{ name: '' }, 'name'],
    [{ action: { ...CHAIN.action, spider: 'nobody' } }, 'action'],
    [{ action: { ...CHAIN.action, args: { x: '{{job.password}}' } } }, 'action'],
    [{ action: { channel: 'webhook', webhook: 999 } }, 'action'],
    [{ action: { channel: 'slack', url: 'ftp://x/' } }, 'action'],
    [{ action: { channel: 'pigeon' } }, 'action'],
    [{ when: { hasTag: [''] } }, 'when'],
    [{ when: { weather: 'bad' } }, 'weather'],
    [{ colour: 'red' }, 'colour'],
  ] as const) {
    const answer = await me.send('POST', place, { ...CHAIN, ...change });
    expect([answer.status, answer.body.error?.field]).toEqual([400, field]);
  }
});
