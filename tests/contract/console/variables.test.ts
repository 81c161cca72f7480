import { newSecretKey, readSecretKeys, type SecretKey } from '@spiderhub/core';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';

const SECRET = 'planted-8c41-secret';
const keys = readSecretKeys(newSecretKey()) as SecretKey[];

let api: ApiUnderTest;
let client: Browser;
let path: string;

beforeAll(async () => {
  api = await startApi({ ground: { secretKeys: async () => keys } });
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.renew();
  client = new Browser(api, withKey(api.team.key));
  path = `/projects/${api.team.project}`;
});

const patch = (what: string, body: object) => client.send('PATCH', `${path}/${what}`, body);

describe('variables', () => {
  it('are set, listed without the values of secrets, and removed', async () => {
    const set = await patch('variables', { set: { PLAIN: 'seen' }, secrets: { TOKEN: SECRET } });
    expect(set.body.variables).toEqual([
      expect.objectContaining({ spider: null, name: 'PLAIN', value: 'seen', secret: false }),
      expect.objectContaining({
        name: 'TOKEN',
        value: null,
        secret: true,
        changedBy: expect.stringMatching(/^acme-\d+-user$/),
      }),
    ]);
    await patch('variables', { spider: 'a', set: { PLAIN: 'of a' } });
    const { body } = await client.get(`${path}/variables`);
    expect(
      body.variables.map(({ spider, name }: { spider: string; name: string }) => [spider, name]),
    ).toEqual([
      [null, 'PLAIN'],
      [null, 'TOKEN'],
      ['a', 'PLAIN'],
    ]);
    expect(await api.parts.variables.ofSpider(api.team.project, 1)).toEqual({
      values: { PLAIN: 'of a', TOKEN: SECRET },
      secrets: ['TOKEN'],
    });
    const removed = await patch('variables', { remove: ['PLAIN', 'TOKEN'] });
    expect(removed.body.variables).toMatchObject([{ spider: 'a', name: 'PLAIN' }]);
  });

  it('change as a whole or not at all', async () => {
    const refused = await patch('variables', {
      set: { GOOD: 'x', PATH: '/tmp' },
      secrets: { TOKEN: SECRET },
    });
    expect(refused.body.error.message).toContain('PATH is reserved');
    const unknown = await patch('variables', { spider: 'nobody', set: { GOOD: 'x' } });
    expect([unknown.status, unknown.body.error.code]).toEqual([404, 'spider_not_found']);
    expect((await patch('variables', { set: { A: '1' }, remove: ['A'] })).status).toBe(400);
    expect((await client.get(`${path}/variables`)).body.variables).toEqual([]);
    expect(api.logs.join('\n')).not.toContain(SECRET);
  });
});

describe('settings', () => {
  it('that are secret reach crawls and nothing that anybody reads', async () => {
    const { project, key } = api.team;
    const { body } = await patch('settings', {
      set: { RETRY_TIMES: 5, FEEDS: { 'a.json': { format: 'json' } } },
      secrets: { SHOP_PASSWORD: SECRET, PROXY: { url: SECRET } },
    });
    expect(body.settings).toEqual([
      { name: 'FEEDS', value: { 'a.json': { format: 'json' } }, secret: false },
      { name: 'PROXY', value: null, secret: true },
      { name: 'RETRY_TIMES', value: 5, secret: false },
      { name: 'SHOP_PASSWORD', value: null, secret: true },
    ]);
    expect(await api.parts.secretSettings.of(project, 0)).toEqual({
      PROXY: JSON.stringify({ url: SECRET }),
      SHOP_PASSWORD: JSON.stringify(SECRET),
    });
    const others = [
      await api.get(`/api/settings/get.json?project=${project}`, key),
      await api.get(`/storage/projects/${project}/settings`, key),
      await client.get(`${path}/settings`),
      await client.get(`${path}/variables`),
    ];
    for (const answer of others) expect(JSON.stringify(answer.body)).not.toContain(SECRET);
    const rows = await api.database.database('variables').where({ project_id: project });
    expect(JSON.stringify(rows.map((row) => ({ ...row, sealed: String(row.sealed) })))).not.toContain(SECRET);
  });

  it('are either secret or not, and are removed whichever they are', async () => {
    await patch('settings', { set: { TOKEN: 'open', KEPT: true } });
    const hidden = await patch('settings', { secrets: { TOKEN: SECRET } });
    expect(hidden.body.settings).toEqual([
      { name: 'KEPT', value: true, secret: false },
      { name: 'TOKEN', value: null, secret: true },
    ]);
    expect([...(await api.parts.projects.settings(api.team.project)).keys()]).toEqual(['KEPT']);
    const open = await patch('settings', { set: { TOKEN: 'open again' } });
    expect(open.body.settings).toContainEqual({ name: 'TOKEN', value: 'open again', secret: false });
    await patch('settings', { secrets: { OTHER: 1 } });
    expect((await patch('settings', { remove: ['TOKEN', 'OTHER', 'KEPT', 'NEVER'] })).body.settings).toEqual(
      [],
    );
  });

  it('of one spider stand above those of the project, the secret ones, too', async () => {
    const { project, key } = api.team;
    await patch('settings', { set: { LOG_LEVEL: 'INFO', RETRY_TIMES: 5, botgroups: ['x'] } });
    const ofA = `${path}/spiders/1/settings`;
    const { status, body } = await client.send('PATCH', ofA, {
      set: { LOG_LEVEL: 'DEBUG', BIG: [1.5] },
      secrets: { PROXY: SECRET },
    });
    expect(status).toBe(200);
    expect(body.layers).toEqual([
      {
        layer: 'project',
        settings: [
          { name: 'LOG_LEVEL', value: '"INFO"' },
          { name: 'RETRY_TIMES', value: '5' },
        ],
      },
      {
        layer: 'spider',
        settings: [
          { name: 'BIG', value: '[1.5]' },
          { name: 'LOG_LEVEL', value: '"DEBUG"' },
          { name: 'PROXY', value: null },
        ],
      },
    ]);
    expect((await client.get(ofA)).body).toEqual(body);
    expect(await api.parts.secretSettings.of(project, 1)).toEqual({ PROXY: JSON.stringify(SECRET) });
    // Neither the project nor its other spiders have them.
    const others = await client.get(`${path}/spiders/2/settings`);
    expect(others.body.layers[1]).toEqual({ layer: 'spider', settings: [] });
    expect((await client.get(`${path}/settings`)).body.settings).toHaveLength(3);
    expect((await client.get(`${path}/variables`)).body.variables).toEqual([]);
    const lines = (await client.get(`${path}/audit?action=settings.changed`)).body;
    expect(JSON.stringify(lines)).toContain('spider 1');
    expect(
      JSON.stringify([lines, (await api.get(`/storage/projects/${project}/settings`, key)).body]),
    ).not.toContain(SECRET);

    // What was secret is set in the open, and removed.
    await client.send('PATCH', ofA, { set: { PROXY: 'none' } });
    expect(await api.parts.secretSettings.of(project, 1)).toEqual({});
    const removed = await client.send('PATCH', ofA, { remove: ['PROXY', 'BIG', 'LOG_LEVEL', 'NEVER'] });
    expect(removed.body.layers[1]).toEqual({ layer: 'spider', settings: [] });
    for (const wrong of [{ set: { lower: 1 } }, { set: { A: 1 }, secrets: { A: 1 } }])
      expect((await client.send('PATCH', ofA, wrong)).status).toBe(400);
    const nobody = await client.send('PATCH', `${path}/spiders/99/settings`, { set: { A: 1 } });
    expect([nobody.status, nobody.body.error.code]).toEqual([404, 'spider_not_found']);
  });

  it('that cannot be are refused by name, and nothing changes', async () => {
    for (const body of [
      { secrets: { 'lower case': 1 } },
      { set: { A: 1 }, secrets: { A: 2 } },
      { secrets: { A: 'x'.repeat(33 * 1024) } },
    ])
      expect((await patch('settings', body)).status).toBe(400);
    expect((await client.get(`${path}/settings`)).body.settings).toEqual([]);
  });
});

it('without SECRETS_KEY there are no secrets, and all else works', async () => {
  const plain = await startApi();
  try {
    const other = new Browser(plain, withKey(plain.team.key));
    const send = (what: string, body: object) =>
      other.send('PATCH', `/projects/${plain.team.project}/${what}`, body);
    for (const what of ['variables', 'settings']) {
      expect((await send(what, { secrets: { TOKEN: SECRET } })).body.error.code).toBe('no_secrets_key');
      expect((await send(what, { set: { OPEN: 'x' } })).status).toBe(200);
    }
  } finally {
    await plain.close();
  }
});
