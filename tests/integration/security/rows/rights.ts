import { hashApiKey, newApiKey } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import { DIALECTS } from '../../../../apps/api/src/dialects/registry.ts';
import type { Parts } from '../../../../apps/api/src/parts.ts';
import { type Ask, basic, type Door, type Row, type Stage } from '../stage.ts';

const BASES: Record<string, Door> = { 'jobs-api': 'api', hubstorage: 'storage' };
/** Neither of these is about one project. */
const OF_NOBODY = ['open', 'any key', 'projects.list', 'account.read'];

/** Every operation of a dialect that touches one project, asked about this one. */
function everyOperation(door: Door, project: number): Ask[] {
  const dialect = DIALECTS.find(({ name }) => BASES[name] === door);
  if (!dialect) throw new Error(`no dialect ${door}`);
  const operations = dialect
    .operations({} as Parts)
    .filter(({ spec }) => !OF_NOBODY.includes(String(spec.action)));
  return operations.map(({ spec }) => {
    const path = spec.path
      .replace(':project', String(project))
      .replace(/:(spider|job|index|item)\b/g, '1')
      .replace(/:\w+/g, 'x');
    const query = `project=${project}&job=${project}/1/1&spider=a&fields=a&add_tag=t&tag=t&worker=w&version=1&name=a`;
    const isForm = spec.method === 'get' || spec.method === 'delete' ? '' : `&state=pending`;
    const body = door === 'storage' ? '{"a":1}' : undefined;
    return {
      method: spec.method.toUpperCase(),
      path: `${dialect.base}${path}?${query}${isForm}`,
      ...(body !== undefined && isForm !== '' && { body }),
    };
  });
}

/** Asks for a project that is another tenant's, and for one that is not there. */
async function bothWays(stage: Stage, door: Door): Promise<void> {
  const nobody = 987_654;
  const foreign = everyOperation(door, stage.theirs);
  const missing = everyOperation(door, nobody);
  for (const [i, ask] of foreign.entries()) {
    const theirs = await stage.ask(ask);
    const nowhere = await stage.ask(missing[i] as Ask);
    const what = `${ask.method} ${ask.path}`;
    expect([what, theirs.status]).toEqual([what, nowhere.status]);
    // Some reads answer what is not there with nothing.
    if (ask.method !== 'GET') expect([what, theirs.status >= 400]).toEqual([what, true]);
    expect(theirs.text.replaceAll(String(stage.theirs), 'N')).toBe(
      nowhere.text.replaceAll(String(nobody), 'N'),
    );
  }
}

const WRONG_HEADERS: Record<string, string | string[]>[] = [
  {},
  { authorization: 'Basic ***' },
  { authorization: 'Basic Og==' },
  { authorization: basic('a\0b:') },
  { authorization: `Basic ${'QUFB'.repeat(10_000)}` },
  { authorization: 'Bearer K1' },
  { authorization: 'Basic' },
];
const LIST: Record<string, (stage: Stage) => string> = {
  api: ({ mine }) => `/api/jobs/list.json?project=${mine}`,
  storage: ({ mine }) => `/storage/jobq/${mine}/count`,
  scrapyd: ({ myName }) => `/scrapyd/listspiders.json?project=${myName}`,
};
const listPath = (stage: Stage, door: Door) => (LIST[door] as (stage: Stage) => string)(stage);

export const RIGHTS: Row[] = [
  {
    row: 10,
    what: 'everything of another tenant is answered like what is not there',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      if (door !== 'scrapyd') return bothWays(stage, door);
      for (const path of ['listspiders.json', 'listversions.json', 'listjobs.json']) {
        const ask = (name: string) => stage.ask({ path: `/scrapyd/${path}?project=${name}` });
        const [theirs, nowhere] = [await ask('globex-project'), await ask('nobody-project')];
        expect(theirs.text.replaceAll('globex', 'nobody')).toBe(nowhere.text);
      }
    },
  },
  {
    row: 11,
    what: 'ways around the project in a path',
    doors: ['storage'],
    async run(stage) {
      const { mine, theirs } = stage;
      for (const path of [
        `/items/${theirs}/1/1`,
        `/items/${mine}/../${theirs}/1/1`,
        `/items/${mine}%2f..%2f${theirs}/1/1`,
        `//items//${theirs}/1/1`,
        `/storage/items/${mine}/..%2f${theirs}/1`,
      ])
        await stage.refused({ path }, [400, 403, 404]);
    },
  },
  {
    row: 12,
    what: 'a foreign job among my own ones',
    doors: ['api', 'storage'],
    async run(stage, door) {
      const own = await stage.pushed('running');
      const pushed = await stage.ask({
        path: `/storage/jobq/${stage.theirs}/push`,
        body: JSON.stringify({ spider: 'a', state: 'running' }),
        key: stage.other.key,
      });
      const { key: foreign } = JSON.parse(pushed.text) as { key: string };
      if (door === 'api') {
        const form = [
          ['project', String(stage.mine)],
          ['job', own],
          ['job', foreign],
        ] as const;
        for (const what of ['stop', 'delete', 'update']) {
          const all = what === 'update' ? [...form, ['add_tag', 'x'] as const] : form;
          await stage.refused({ path: `/api/jobs/${what}.json`, form: all }, [400, 403, 404]);
        }
      } else {
        await stage.refused({ path: `/storage/jobs/${foreign}`, body: '{"a":1}' }, [400, 403, 404]);
        await stage.refused({ path: `/storage/jobs/${foreign}`, method: 'DELETE' }, [400, 403, 404]);
        const update = `{"key":"${foreign}","state":"finished"}`;
        await stage.ask({ path: `/storage/jobq/${stage.mine}/update`, body: update });
      }
      const theirs = await stage.ask({
        path: `/api/jobs/list.json?project=${stage.theirs}&job=${foreign}`,
        key: stage.other.key,
      });
      expect(JSON.parse(theirs.text)).toMatchObject({ jobs: [{ state: 'running', tags: [] }] });
      const { text } = await stage.ask({ path: `/api/jobs/list.json?project=${stage.mine}&job=${own}` });
      expect(JSON.parse(text)).toMatchObject({ jobs: [{ state: 'running', tags: [] }] });
    },
  },
  {
    row: 13,
    what: 'a project that is a list or an object',
    doors: ['api', 'storage'],
    async run(stage, door) {
      const { mine, theirs } = stage;
      if (door === 'storage')
        return void (await stage.refused({ path: `/storage/jobq/${mine},${theirs}/count` }));
      for (const query of [
        `project=${mine}&project=${theirs}`,
        `project[]=${theirs}`,
        `project[$ne]=1`,
        `project=${mine},${theirs}`,
      ])
        await stage.refused({ path: `/api/jobs/list.json?${query}` });
    },
  },
  {
    row: 14,
    what: 'fields that only the service sets',
    doors: ['api', 'storage'],
    async run(stage, door) {
      const job = await stage.pushed('finished');
      const fields =
        '"project_id":987,"owner":1,"role":"admin","__proto__":{"isAdmin":true},"constructor":{"a":1}';
      if (door === 'api')
        await stage.refused({
          path: '/api/jobs/update.json',
          headers: { 'content-type': 'application/json' },
          body: `{"project":${stage.mine},"job":"${job}",${fields}}`,
        });
      else await stage.ask({ path: `/storage/jobs/${job}`, body: `{${fields}}` });
      expect(Object(1).isAdmin).toBeUndefined();
      const [row] = await stage.service.db.database('jobs').where({ project_id: 987 });
      expect(row).toBeUndefined();
    },
  },
  {
    row: 15,
    what: "another user's password or role",
    absent: 'users belong to /console, which has a suite of its own: tests/contract/console/members',
  },
  {
    row: 16,
    what: 'changes with a key that may only read',
    doors: ['api', 'storage'],
    async run(stage, door) {
      const admin = createAdminStore(stage.service.db.database);
      const key = newApiKey();
      const spec = { hash: hashApiKey(key), hint: 'x', user: null, project: stage.mine, staff: false };
      await admin.createKey({ ...spec, role: 'reader' });
      const asks = everyOperation(door, stage.mine).filter(({ method }) => method !== 'GET');
      for (const ask of asks) {
        const { status, text } = await stage.ask({ ...ask, key });
        const what = `${ask.method} ${ask.path}`;
        expect([what, status >= 400 || /"count": ?0/.test(text)]).toEqual([what, true]);
      }
    },
  },
  {
    row: 16,
    what: 'changes by GET',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      if (door === 'scrapyd') {
        for (const name of ['schedule', 'cancel', 'addversion', 'delversion', 'delproject'])
          await stage.refused({ path: `/scrapyd/${name}.json?project=${stage.myName}&spider=a&version=1.0` });
        return;
      }
      const asks = everyOperation(door, stage.mine);
      const reads = new Set(
        asks.filter(({ method }) => method === 'GET').map(({ path }) => path.split('?')[0]),
      );
      for (const { path } of asks.filter(
        ({ method, path }) => method !== 'GET' && !reads.has(path.split('?')[0]),
      ))
        await stage.refused({ method: 'GET', path }, [400, 404, 405]);
    },
  },
  {
    row: 17,
    what: 'a key that was revoked',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      const admin = createAdminStore(stage.service.db.database);
      const key = newApiKey();
      const made = await admin.createKey({
        hash: hashApiKey(key),
        hint: 'x',
        user: null,
        project: stage.mine,
        staff: false,
      });
      const ask = () => stage.ask({ path: listPath(stage, door), key });
      expect((await ask()).status).toBe(200);
      await admin.revokeKey(made.value.id);
      await eventually(async () => expect((await ask()).status).toBe(401), { everyMs: 200 });
    },
  },
  {
    row: 18,
    what: 'no credentials, and such as cannot be read',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      const texts = new Set<string>();
      for (const headers of WRONG_HEADERS) {
        const answer = await stage.ask({ path: listPath(stage, door), key: null, headers });
        expect([answer.status, headers]).toEqual([401, headers]);
        texts.add(answer.text);
      }
      expect(texts.size).toBe(1);
      if (door === 'scrapyd') return;
      const mark = listPath(stage, door).includes('?') ? '&' : '?';
      expect(
        (await stage.ask({ path: `${listPath(stage, door)}${mark}apikey=${'0'.repeat(32)}` })).status,
      ).toBe(400);
    },
  },
  {
    row: 19,
    what: 'keys are kept as hashes and looked up by them, so that nothing is compared byte by byte',
    doors: ['api'],
    async run(stage) {
      const rows = await stage.service.db.database('api_keys').select();
      expect(rows.length).toBeGreaterThan(0);
      expect(JSON.stringify(rows)).not.toContain(stage.service.team.key);
    },
  },
  {
    row: 21,
    what: 'a user that is not there, and one whose password is wrong',
    doors: ['scrapyd'],
    async run(stage) {
      const ask = (pair: string) =>
        stage.ask({ path: '/scrapyd/daemonstatus.json', key: null, headers: { authorization: basic(pair) } });
      const [unknown, known] = [await ask('nobody:wrong'), await ask('acme-user:wrong')];
      expect([unknown.status, unknown.text]).toEqual([known.status, known.text]);
    },
  },
  {
    row: 22,
    what: 'stolen and forged sessions',
    absent: 'sessions belong to /console, which has a suite of its own: tests/contract/console/sign-in',
  },
  {
    row: 23,
    what: 'invitations used twice or guessed',
    absent: 'invitations belong to /console: tests/contract/console/members',
  },
  {
    row: 24,
    what: 'secrets are made by the installation, none is a default',
    doors: ['api'],
    async run(stage) {
      // The place of the event log stands beside its name, and is none.
      const rows = await stage.service.db.database('secrets').whereNot({ name: 'event-log-place' }).select();
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(JSON.stringify(row)).toMatch(/[0-9a-zA-Z+/=_-]{32,}/);
    },
  },
];

/** Last of all: it uses up the patience for this address. */
export const GUESSES: Row[] = [
  {
    row: 20,
    what: 'guesses without end, under forged addresses',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      const path = listPath(stage, door);
      const guess = (i: number) =>
        stage.ask({
          path,
          key: i.toString(16).padStart(32, '0'),
          headers: { 'x-forwarded-for': `203.0.113.${i % 250}` },
        });
      let refused = null;
      for (let i = 0; i < 40 && !refused; i++) {
        const answers = await Promise.all(Array.from({ length: 25 }, (_, k) => guess(i * 25 + k)));
        refused = answers.find(({ status }) => status === 429) ?? null;
      }
      expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
      expect((await stage.ask({ path })).status).toBe(200);
    },
  },
];
