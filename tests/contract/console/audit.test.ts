import { setTimeout as delay } from 'node:timers/promises';
import {
  type AuditLine,
  type CountedRefusal,
  hashApiKey,
  newApiKey,
  newSecretKey,
  readSecretKeys,
  stranger,
} from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { DIALECTS } from '../../../apps/api/src/dialects/registry.ts';
import type { Parts } from '../../../apps/api/src/parts.ts';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';
import { SCRIPT } from './day.ts';
import { makeUser, organisationOf, PASSWORD } from './people.ts';
import { beginDay, type Day, type Expected } from './step.ts';

/** Operations of these actions leave no lines, and why. All others that are no GET have to be in the script. */
const UNNOTED: Record<string, string> = {
  'items.write': 'what crawls bring home',
  'logs.write': 'what crawls bring home',
  'requests.write': 'what crawls bring home',
  'samples.write': 'what crawls bring home',
  'jobs.describe': 'what whoever runs a job says of it',
  'jobs.claim': 'how far pipelines are',
  'frontier.write': 'what crawls keep for each other',
  'events.write': 'is a log itself',
  'reports.write': 'files about jobs, with who wrote them',
  'comments.write': 'texts about items, with who wrote them',
  'periodic.read': 'changes nothing',
  'any key': 'answers as Scrapy Cloud does, and changes nothing',
};
const UNNOTED_OPERATIONS: Record<string, string> = {
  'POST /storage/collections/:project/:type/:name': 'what crawls keep for each other',
  'POST /storage/collections/:project/:type/:name/deleted': 'what crawls keep for each other',
  'DELETE /storage/collections/:project/:type/:name/*key': 'what crawls keep for each other',
  'POST /console/links/look': 'changes nothing',
  // Need a provider or a mail server: their own tests look at the lines.
  'POST /console/sign-in/openid': 'openid.test.ts',
  'PUT /console/me/email': 'mail.test.ts',
  'POST /console/me/email/confirmation': 'mail.test.ts',
  'POST /console/links/forgotten': 'mail.test.ts',
};

/** How long a process may go on with a key that is over, ms, and a little more. */
const FORGOTTEN_MS = 1050;

let api: ApiUnderTest;
let staff: string;
let base: string;

beforeAll(async () => {
  const keys = readSecretKeys(newSecretKey()) ?? [];
  api = await startApi({
    app: { authFailuresPerMinute: 1_000_000 },
    ground: { secretKeys: async () => keys },
  });
  staff = newApiKey();
  const key = { hash: hashApiKey(staff), hint: 'x', user: null, project: null, staff: true };
  await createAdminStore(api.database.database).createKey(key);
  const address = api.server.address();
  base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterAll(() => api.close());

type Line = Omit<AuditLine, 'at'> & { at: string };

async function lines(path: string, key = staff): Promise<Line[]> {
  await api.parts.refusals.flush();
  const response = await fetch(`${base}/console${path}`, { headers: withKey(key) });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  const text = await response.text();
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Lines after a number, the oldest first. */
async function since(id: number): Promise<Line[]> {
  return (await lines('/audit.jl')).filter((line) => line.id > id).reverse();
}

async function newest(): Promise<number> {
  return (await lines('/audit.jl'))[0]?.id ?? 0;
}

it('of a scripted day equals the script, without a secret, and the script has every operation that changes something', async () => {
  const asked = DIALECTS.flatMap(({ base: at, operations }) =>
    operations({} as Parts).flatMap(({ spec: { method, path, action } }) => {
      const name = `${method.toUpperCase()} ${at}${path}`;
      return method === 'get' || action in UNNOTED ? [] : [name];
    }),
  );
  const scripted = new Set(SCRIPT.map(({ operation }) => operation));
  expect(asked.filter((name) => !scripted.has(name) && !(name in UNNOTED_OPERATIONS))).toEqual([]);

  const day = await beginDay(api, staff);
  const start = await newest();
  const expected: Expected[] = [];
  for (const step of SCRIPT) {
    const before = await newest();
    const answer = await step.run(day);
    day.last = answer instanceof Response ? await answer.text() : answer.body;
    expect([step.operation, answer.status, day.last]).toEqual([
      step.operation,
      expect.any(Number),
      expect.anything(),
    ]);
    expect(`${answer.status} ${JSON.stringify(day.last)}`).toMatch(/^20[0124] (?!.*"status": ?"error")/);
    const told = step.lines(day);
    expect([step.operation, (await since(before)).map(briefly)]).toEqual([
      step.operation,
      told.map(numbered),
    ]);
    expected.push(...told.map(numbered));
  }
  const found = await since(start);
  expect(found.map(briefly)).toEqual(expected);
  for (const { actor, outcome } of found)
    expect([outcome, actor.address]).toEqual(['done', actor.kind === 'service' ? null : '127.0.0.1']);
  checkPlaces(day, found);
  const text = JSON.stringify(await api.database.database('audit_log').select('*'));
  for (const secret of [PASSWORD, 'planted', staff, api.team.key, ...secretsOf(day)])
    expect(text).not.toContain(secret);
});

/** As the script writes lines: numbers that it does not know are `#`. */
function briefly({ actor, action, object, before, after }: Line): Expected {
  return numbered({
    who: `${actor.kind} ${actor.name}`,
    action,
    object,
    ...(before && { before }),
    ...(after && { after }),
  });
}

function numbered(line: Expected): Expected {
  return {
    ...line,
    object: line.object.replace(/^(invitation|periodic job|project|session|job) [\d/]+$/, '$1 #'),
  };
}

function secretsOf({ owner, guest, kept }: Day): string[] {
  return [owner, guest].flatMap(({ cookies }) => [...cookies.values()]).concat(kept.link, kept.secrets);
}

/** All that happened in a project is in its log and in its organisation's. */
function checkPlaces({ organisation, project }: Day, found: Line[]): void {
  const wrong = found.filter(({ action, organisation: at, actor }) => {
    if (action === 'organisation.made' || action === 'user.made') return false;
    // Who was removed from the last organisation is in no log but that of the installation.
    return at !== organisation && actor.name !== 'nobody' && actor.name !== 'bob';
  });
  expect(wrong.map(briefly)).toEqual([]);
  expect(found.filter((line) => line.project === project).length).toBeGreaterThan(20);
}

describe('reading', () => {
  let owner: Browser;
  let organisation: number;
  let project: number;
  let round = 0;

  beforeEach(async () => {
    await api.renew();
    round += 1;
    organisation = await organisationOf(api, `acme-${round}`);
    ({ project } = api.team);
    owner = await somebody(`owner-${round}`, 'owner');
  });

  async function somebody(name: string, role: Parameters<typeof makeUser>[3], of = `acme-${round}`) {
    await makeUser(api, name, of, role);
    const browser = new Browser(api);
    await browser.signIn({ name, password: PASSWORD });
    return browser;
  }

  it('is for admins of the place; lines of others are never among theirs', async () => {
    const stranger = await somebody(`stranger-${round}`, 'owner', `globex-${round}`);
    await owner.send('PATCH', `/projects/${project}`, { paused: true });
    await stranger.send('PATCH', `/projects/${api.other.project}`, { paused: true });
    const log = (await owner.get(`/organisations/${organisation}/audit?action=project`)).body.lines;
    expect(log.map(({ object, action }: Line) => `${action} ${object}`)).toEqual([
      `project.changed project ${project}`,
      `project.made project ${project}`,
    ]);
    expect(
      (await owner.get(`/organisations/${organisation}/audit`)).body.lines.every(
        (line: Line) => line.organisation === organisation,
      ),
    ).toBe(true);
    for (const path of [`/organisations/${organisation}`, `/projects/${project}`]) {
      expect((await stranger.get(`${path}/audit`)).status).toBe(404);
      const developer = await somebody(`developer-${round}-${path.length}`, 'developer');
      expect((await developer.get(`${path}/audit`)).status).toBe(403);
    }
    expect((await owner.get('/audit')).status).toBe(403);
  });

  it('goes page by page, by numbers that do not move, and filters', async () => {
    for (let n = 0; n < 25; n += 1)
      await owner.send('PATCH', `/projects/${project}`, { paused: n % 2 === 0 });
    const path = `/projects/${project}/audit?action=project.changed&limit=10`;
    const found: number[] = [];
    for (let before = ''; ; ) {
      const { body } = await owner.get(`${path}${before}`);
      found.push(...body.lines.map(({ id }: Line) => id));
      // What comes meanwhile is on no later page.
      await owner.send('PATCH', `/projects/${project}`, { name: `n-${round}-${found.length}` });
      if (body.next === null) break;
      before = `&before=${body.next}`;
    }
    expect(found).toHaveLength(25);
    expect(found).toEqual([...found].sort((a, b) => b - a));
    const count = async (query: string) =>
      (await owner.get(`/projects/${project}/audit?limit=1000&${query}`)).body.lines.length;
    expect(await count('action=project.changed')).toBe(28);
    expect(await count(`action=project.changed&actor=owner-${round}`)).toBe(28);
    expect(await count('action=project.changed&actor=somebody')).toBe(0);
    expect(await count('action=projec')).toBe(0);
    expect(await count('outcome=refused')).toBe(0);
    expect(await count('since=2100-01-01T00:00:00Z')).toBe(0);
    expect(await count('until=2100-01-01T00:00:00Z&action=project')).toBe(29);
    for (const query of ['limit=1001', 'limit=0', 'before=x', 'since=yesterday', 'outcome=x', 'nothing=1'])
      expect([query, (await owner.get(`/projects/${project}/audit?${query}`)).status]).toEqual([query, 400]);
  });

  it('of refused rights and wrong credentials, in the log of the place or of who it was', async () => {
    const reader = await somebody(`reader-${round}`, 'reader');
    await reader.send('PATCH', `/projects/${project}`, { name: 'mine' });
    await reader.get(`/projects/${api.other.project}`);
    await new Browser(api).signIn({ name: `reader-${round}`, password: 'a wrong password' });
    await new Browser(api).signIn({ name: 'a password that was typed here', password: 'x' });
    const { apiKey, key } = (await owner.send('POST', '/me/keys', { name: 'k', networks: ['10.0.0.0/8'] }))
      .body;
    const ask = () => fetch(`${base}/api/jobs/list.json?project=${project}`, { headers: withKey(apiKey) });
    await ask();
    await owner.send('DELETE', `/me/keys/${key.id}`);
    await delay(FORGOTTEN_MS);
    await ask();
    const wrong = newApiKey();
    await fetch(`${base}/storage/jobq/${project}/count`, { headers: withKey(wrong) });
    await api.parts.refusals.flush();
    const log: Line[] = (await owner.get(`/organisations/${organisation}/audit?outcome=refused`)).body.lines;
    const brief = ({ actor, action, object, why }: Line) => [
      `${actor.kind} ${actor.name}`,
      action,
      object,
      why,
    ];
    expect(log.reverse().map(brief)).toEqual([
      [
        `user reader-${round}`,
        'projects.write',
        `project ${project}`,
        expect.stringContaining('needs another role'),
      ],
      ['nobody nobody', 'sign-in', expect.stringMatching(/^user \d+$/), 'wrong password'],
      [`key owner-${round}`, 'sign-in', `key ${key.id}`, 'the key is not good at this address'],
      [`key owner-${round}`, 'sign-in', `key ${key.id}`, 'the key was revoked'],
    ]);
    const all = await lines('/audit.jl?outcome=refused');
    expect(all.map(brief)).toEqual(
      expect.arrayContaining([
        [
          `user reader-${round}`,
          'projects.list',
          `project ${api.other.project}`,
          expect.stringContaining('not found'),
        ],
        ['nobody nobody', 'sign-in', '', 'there is no such user'],
        ['nobody nobody', 'sign-in', '', 'there is no such key'],
      ]),
    );
    const text = JSON.stringify(all);
    for (const typed of [wrong, apiKey, 'a wrong password', 'was typed here'])
      expect(text).not.toContain(typed);
  });

  it('of one who is refused again and again has few lines, and others keep theirs', async () => {
    const reader = await somebody(`reader-${round}`, 'reader');
    const other = await somebody(`other-${round}`, 'reader', `globex-${round}`);
    const tries = Array.from(
      { length: 150 },
      (_, n) => () =>
        n % 2 === 0
          ? reader.send('PATCH', `/projects/${project}`, { name: 'mine' })
          : reader.send('DELETE', `/projects/${project}/keys/${n}`, undefined, {
              'user-agent': `client ${n}`,
            }),
    );
    for (const one of tries) await one();
    await other.send('PATCH', `/projects/${api.other.project}`, { name: 'mine' });
    await api.parts.refusals.flush();
    const refused: Line[] = (await owner.get(`/projects/${project}/audit?outcome=refused`)).body.lines;
    expect(refused.reduce((sum, { times }) => sum + times, 0)).toBe(150);
    // Two lines of each in a window, and on a busy machine two windows or three.
    expect(refused.length).toBeLessThanOrEqual(20);
    expect((await lines(`/projects/${api.other.project}/audit.jl?outcome=refused`)).length).toBe(1);
  });

  it('of forged steps of a browser, and of who has to wait, a few lines whatever comes', async () => {
    const start = await newest();
    const put = (n: number, headers: Record<string, string>) =>
      owner.send('PUT', `/me/password${n === 0 ? '' : `?n=${n}`}`, { password: 'x' }, headers);
    for (let n = 0; n < 40; n++) await put(n, { 'x-csrf-token': `forged ${n}` });
    for (let n = 0; n < 40; n++) await put(n, { origin: `https://evil-${n}.example` });
    const guess = () => new Browser(api).signIn({ name: `waits-${round}`, password: 'a planted guess' });
    for (let n = 0; n < 40; n++) await guess();
    await api.parts.refusals.flush();
    const log = await since(start);
    const times = (action: string, why: RegExp) =>
      log
        .filter((line) => line.action === action && why.test(line.why ?? ''))
        .reduce((sum, line) => sum + line.times, 0);
    const forged = log.find(({ why }) => why?.includes('X-CSRF-Token'));
    expect(forged).toMatchObject({ organisation, object: 'PUT /console/me/password' });
    expect(times('csrf', /X-CSRF-Token/)).toBe(40);
    expect(times('csrf', /other web sites/)).toBe(40);
    expect(times('sign-in', /no such user/)).toBe(10);
    expect(times('sign-in', /Too many failed attempts/)).toBe(30);
    expect(log.length).toBeLessThanOrEqual(24);
    expect(JSON.stringify(log)).not.toMatch(/forged \d|planted|waits-/);
  });
});

it('is changed by nobody, and lines that are old go', async () => {
  const { database } = api.database;
  const id = await newest();
  for (const sql of ['update audit_log set actor = $$x$$', 'delete from audit_log', 'truncate audit_log'])
    await expect(database.raw(sql)).rejects.toThrow('lines of the audit log are not changed');
  const refusal: CountedRefusal = {
    actor: stranger('10.0.0.1'),
    action: 'sign-in',
    place: null,
    object: '',
    why: 'x',
    times: 7,
  };
  await api.parts.audit.saveRefusals([refusal]);
  const [saved] = await since(id);
  expect(saved).toMatchObject({ times: 7, outcome: 'refused', organisation: null, why: 'x' });
  expect(await api.parts.audit.removeOlder(3600_000, 100)).toBe(0);
  const before = (await lines('/audit.jl')).length;
  expect(await api.parts.audit.removeOlder(0, 5)).toBe(5);
  expect((await lines('/audit.jl')).length).toBe(before - 5);
  await expect(database('audit_log').delete()).rejects.toThrow('are not changed');
});
