import { NO_LIMITS, newSecretKey, readSecretKeys } from '@spiderhub/core';
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
  place = `/projects/${api.team.project}/webhooks`;
  me = new Browser(api, withKey(api.team.key));
});
afterAll(() => api.close());

async function made(body: object = {}) {
  const answer = await me.send('POST', place, { url: 'https://example.org/hook', ...body });
  expect([answer.status, answer.body]).toEqual([
    200,
    expect.objectContaining({ secret: expect.any(String) }),
  ]);
  return answer.body;
}

it('makes a webhook whose secret is shown once, changes, disables, enables and removes it', async () => {
  const { webhook, secret } = await made({ types: ['job.finished'], spiders: ['a'], hasTag: ['x'] });
  expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
  expect(webhook).toMatchObject({
    url: 'https://example.org/hook',
    types: ['job.finished'],
    spiders: ['a'],
    hasTag: ['x'],
    disabled: false,
    failingSince: null,
  });
  const one = `${place}/${webhook.id}`;
  expect((await me.get(one)).body).toEqual(webhook);
  const list = await me.get(place);
  expect(list.body).toEqual({ webhooks: [webhook] });
  expect(JSON.stringify(list.body)).not.toContain('whsec_');
  const off = await me.send('PATCH', one, { disabled: true, types: [] });
  expect(off.body).toMatchObject({ disabled: true, disabledWhy: 'by people', types: [], spiders: ['a'] });
  expect((await me.send('PATCH', one, { disabled: false })).body).toMatchObject({
    disabled: false,
    disabledWhy: null,
  });
  const { body: rotated } = await me.send('POST', `${one}/secret`, {});
  expect(rotated.secret).toMatch(/^whsec_/);
  expect(rotated.secret).not.toBe(secret);
  expect(await me.send('DELETE', one)).toMatchObject({ status: 200, body: {} });
  for (const [method, path] of [
    ['GET', one],
    ['DELETE', one],
    ['POST', `${one}/test`],
    ['GET', `${one}/deliveries`],
  ] as const)
    expect((await me.send(method, path, method === 'POST' ? {} : undefined)).status).toBe(404);
});

it('tests, lists what was sent in pages, and replays', async () => {
  const { webhook } = await made();
  const one = `${place}/${webhook.id}`;
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) ids.push((await me.send('POST', `${one}/test`, {})).body.id);
  const { deliveries } = (await me.get(`${one}/deliveries`)).body;
  expect(deliveries).toMatchObject([
    { type: 'webhook.test', state: 'waiting', tries: 0, status: null },
    {},
    {},
  ]);
  expect(deliveries.map(({ id }: { id: string }) => id)).toEqual(ids.reverse());
  const page = (await me.get(`${one}/deliveries?limit=1&before=${deliveries[0].createdAt}&state=waiting`))
    .body;
  expect(page.deliveries).toHaveLength(1);
  expect((await me.get(`${one}/deliveries?state=failed`)).body).toEqual({ deliveries: [] });
  expect((await me.send('POST', `${one}/deliveries/replay`, { id: ids[0] })).body).toEqual({ replayed: 1 });
  const span = { since: '2020-01-01T00:00:00Z', states: ['waiting'] };
  expect((await me.send('POST', `${one}/deliveries/replay`, span)).body).toEqual({ replayed: 3 });
  expect((await me.send('POST', `${one}/deliveries/replay`, {})).body.error.field).toBe('id');
});

it('refuses by its field what could not be used', async () => {
  for (const [body, field] of [
    [{ url: 'ftp://example.org/' }, 'url'],
    [{ url: 'https://user:password@example.org/' }, 'url'],
    [{ url: 'example.org' }, 'url'],
    [{ url: `https://example.org/${'x'.repeat(3000)}` }, 'url'],
    [{ types: ['job.exploded'] }, 'types'],
    [{ hasTag: [''] }, 'hasTag'],
    [{ spiders: ['x'.repeat(300)] }, 'spiders'],
    [{ colour: 'red' }, 'colour'],
  ] as const) {
    const answer = await me.send('POST', place, { url: 'https://example.org/', ...body });
    expect([answer.status, answer.body.error?.field]).toEqual([400, field]);
  }
  expect((await me.get(place)).body).toEqual({ webhooks: [] });
});

it('has no more than fifty in a project, and none without a key for secrets', async () => {
  for (let n = 0; n < 50; n += 1) await made();
  const more = await me.send('POST', place, { url: 'https://example.org/' });
  expect([more.status, more.body.error.code]).toEqual([409, 'too_many_webhooks']);
  const bare = await startApi();
  try {
    const answer = await new Browser(bare, withKey(bare.team.key)).send(
      'POST',
      `/projects/${bare.team.project}/webhooks`,
      { url: 'https://example.org/' },
    );
    expect([answer.status, answer.body.error.code]).toEqual([400, 'no_secrets_key']);
  } finally {
    await bare.close();
  }
});

it('has no more than its organisation may have', async () => {
  const counts = { add: () => Promise.reject(new Error('nobody else counts')) };
  const limited = await startApi({
    ground: { secretKeys: async () => keys, limits: { defaults: { ...NO_LIMITS, webhooks: 1 }, counts } },
  });
  try {
    const send = () =>
      new Browser(limited, withKey(limited.team.key)).send(
        'POST',
        `/projects/${limited.team.project}/webhooks`,
        {
          url: 'https://example.org/',
        },
      );
    expect((await send()).status).toBe(200);
    const more = await send();
    expect([more.status, more.body.error.message]).toEqual([
      403,
      expect.stringContaining('its limit of 1 webhooks'),
    ]);
  } finally {
    await limited.close();
  }
});
