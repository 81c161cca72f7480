import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { hashApiKey } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import type { Page } from 'playwright-core';
import { buildSecondEgg } from '../support/demo-egg.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import type { Service } from '../support/service.ts';
import { Chromium, describeInBrowser } from './support/browser.ts';
import { crawl, enter, staffKey, startDemo, untilFinished } from './support/seed.ts';

const FOLDER = resolve(__dirname, '../../docs/dash');
type Screen = readonly [name: string, path: string, sign: string];
const SLOWEST_MS = 240_000;
/** Where a screen lies (`~`: outside of the project) and what is seen when it is there. */
const SCREENS: readonly Screen[] = [
  ['projects', '~/', 'Number'],
  ['overview', '', 'Needs a look'],
  ['jobs', '/jobs', 'finished'],
  ['job', '/1/1?tab=overview', 'What became of it'],
  ['items', '/1/1?tab=items', 'Fields'],
  ['log', '/2/1?tab=log', 'Spider opened'],
  ['requests', '/1/1?tab=requests', '2xx'],
  ['stats', '/1/1?tab=stats', 'downloader/'],
  ['attempts', '/2/1?tab=attempts', 'Ended with'],
  ['charts', '/3/1?tab=charts', 'Items a minute'],
  ['spiders', '/spiders', 'books'],
  ['spider', '/spiders/1', 'Settings of the next run'],
  ['code', '/code', 'in use'],
  ['settings', '/settings', 'For programs'],
  ['keys', '/settings/keys', 'nightly'],
  ['variables', '/settings/variables', 'REGION'],
  ['limits', '/settings/limits', 'on disk in all'],
  ['audit', '/settings/audit', 'acme-user'],
  ['members', '~/o/ORG/members', 'Roles add up'],
  ['organisation-keys', '~/o/ORG/keys', 'project'],
  ['organisation-limits', '~/o/ORG/limits', 'Usage by project'],
  ['organisation-audit', '~/o/ORG/audit', 'acme-user'],
  ['account', '~/account', 'Where you are signed in'],
  ['periodic', '/periodic', 'Every 15 minutes'],
  ['schedule', '/periodic/1', 'Jobs, or why not'],
  ['plan', '/periodic/4/edit', 'The next 10 runs'],
  ['webhooks', '/webhooks', 'Last 24 hours'],
  ['webhook', '/webhooks/1', 'What went wrong'],
  ['rules', '/rules', 'Then'],
  ['rule', '/rules/1', 'What it did'],
  ['compare', '/compare?a=1%2F1&b=1%2F2', 'travel'],
];
const CATEGORIES = ['travel', 'poetry', 'history', 'science', 'fiction', 'cooking'];

const PLANS = [
  {
    description: 'Books, all day long',
    cron: '0 * * * *',
    timezone: 'Europe/Berlin',
    catchup: 'all',
    overlap: 'queue',
    tags: ['shop', 'hourly'],
    tasks: [{ spider: 'books', args: { category: 'travel', max_pages: '2' }, priority: 3 }],
  },
  { cron: '*/15 * * * *', tasks: [{ spider: 'py:hello.py' }], catchup: 'one' },
  { description: 'Clean up', cron: '30 3 * * SUN', disabled: true, tasks: [{ spider: 'py:hello.py' }] },
  {
    description: 'Morning prices',
    cron: '30 2 * * *',
    timezone: 'Europe/Berlin',
    startAt: '2027-03-24T00:00:00Z',
    tags: ['morning'],
    tasks: [{ spider: 'books', args: { category: 'poetry' } }],
  },
];

/** Periodic jobs with a past, a webhook that fails at times, and rules. */
async function operate(service: Service, receiver: Receiver): Promise<void> {
  const post = (path: string, body: unknown) =>
    fetch(`${service.url}/console/projects/${service.team.project}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${service.team.key}:`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    });
  receiver.behave((_received, response, nth) =>
    response.writeHead(nth % 4 === 0 ? 500 : 204).end(nth % 4 === 0 ? 'the disk is full' : undefined),
  );
  await post('/webhooks', { url: receiver.url, types: ['job.finished', 'schedule.skipped'] });
  await post('/rules', {
    name: 'Read what was found',
    when: { spiders: ['books'], hasTag: ['daily'], outcomes: ['finished'] },
    action: { channel: 'run', spider: 'py:hello.py', args: {} },
  });
  await post('/rules', {
    name: 'Tell of failures',
    when: { exceptOutcomes: ['finished', 'cancelled'] },
    action: { channel: 'webhook', webhook: 1 },
  });
  for (const plan of PLANS) await post('/schedules', plan);
  const { database } = service.db;
  const past = "next_at - interval '18 hours'";
  await database('periodic_jobs')
    .whereIn('id', [1, 2])
    .update({ next_at: database.raw(past), fire_at: database.raw(past) });
  await eventually(async () => {
    const runs = await database('periodic_runs').count();
    expect(Number(runs[0]?.count)).toBeGreaterThan(80);
  });
}

/** `npm run pictures`: what docs/dash shows, made anew from the demo; `npm run pictures -- jobs rule` makes those two alone. */
const wanted = process.env.PICTURES?.split(' ') ?? [];
const isWanted = (name: string) => wanted.includes('all') || wanted.includes(name);
const onlyWhenAsked = process.env.PICTURES ? describeInBrowser : describe.skip;

onlyWhenAsked('pictures of the page', () => {
  const chromium = new Chromium();
  let service: Service;
  let receiver: Receiver;
  let organisation: number;

  beforeAll(async () => {
    await mkdir(FOLDER, { recursive: true });
    const env = { WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8' };
    [service, receiver] = await Promise.all([startDemo({ env }), startReceiver(), chromium.start()]);
    await furnish();
    const keys: string[] = [];
    keys.push(await crawl(service, 'books', { add_tag: ['daily', 'shop'] }));
    for (const how of ['callback', 'init', 'close']) keys.push(await crawl(service, 'broken', { how }));
    for (const category of CATEGORIES)
      keys.push(await crawl(service, 'books', { category, add_tag: 'daily' }));
    await untilFinished(service, keys);
    await deploySecond();
    await operate(service, receiver);
    // One of the rules has something to do.
    await crawl(service, 'books', { category: 'travel', add_tag: 'daily' });
    const firings = service.db.database('rule_firings').where({ rule_id: 1 }).first();
    await eventually(async () => expect(await firings.clone()).toBeDefined(), { timeoutMs: SLOWEST_MS });
    await untilQuiet();
    for (const delay of ['0.2', '0.5']) await crawl(service, 'slow', { delay, add_tag: 'watch' });
    // A chart of what runs has a line from its third measurement on.
    await eventually(async () => expect(await samplesOf('3/1')).toBeGreaterThan(3), {
      timeoutMs: SLOWEST_MS,
    });
  }, 600_000);
  afterAll(async () => {
    await chromium.stop();
    await receiver?.close();
    await service?.stop();
  });

  async function deploySecond(): Promise<void> {
    const form = new FormData();
    form.set('project', String(service.team.project));
    form.set('version', '1.1');
    form.set('egg', new Blob([new Uint8Array(await buildSecondEgg())]), 'demo.egg');
    expect(await (await service.call('/api/scrapyd/addversion.json', form)).text()).toContain('"ok"');
  }

  /** Nothing waits and nothing runs. */
  async function untilQuiet(): Promise<void> {
    const { database } = service.db;
    await eventually(
      async () => {
        const left = await database('jobs').whereNot({ state: 'finished' }).count();
        expect(Number(left[0]?.count)).toBe(0);
      },
      { timeoutMs: SLOWEST_MS },
    );
  }

  async function samplesOf(job: string): Promise<number> {
    const answer = await service.call(`/storage/samples/${service.team.project}/${job}?format=json`);
    return ((await answer.json()) as unknown[]).length;
  }

  /** People, keys and variables, as a project has them after a while. */
  async function furnish(): Promise<void> {
    const { database } = service.db;
    const { project } = service.team;
    organisation = (await database('projects').where({ id: project }).first('organisation_id'))
      .organisation_id;
    const { name } = await database('organisations').where({ id: organisation }).first('name');
    const admin = createAdminStore(database);
    for (const [person, role] of [
      ['ann', 'admin'],
      ['ben', 'developer'],
      ['eve', 'reader'],
    ] as const) {
      await admin.createUser(person);
      await admin.addMember(name, person, role);
    }
    const owner = { user: null, project, staff: false };
    for (const [key, actions] of [
      ['nightly export', ['jobs.read', 'items.read']],
      ['deploys from CI', ['project.deploy', 'versions.read', 'spiders.read']],
      ['warehouse', null],
    ] as const) {
      const hash = hashApiKey(key);
      await admin.createKey({
        hash,
        hint: `sphub_${hash.toString('hex').slice(0, 4)}`,
        name: key,
        actions,
        ...owner,
      });
    }
    const answer = await fetch(`${service.url}/console/projects/${project}/variables`, {
      method: 'PATCH',
      headers: { authorization: `Basic ${btoa(`${service.team.key}:`)}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        set: { REGION: 'eu', STORE: 's3://acme-items/daily' },
        secrets: { API_TOKEN: 'nobody reads this' },
      }),
    });
    expect(answer.status).toBe(200);
    for (const [path, set] of [
      ['settings', { DOWNLOAD_DELAY: 0.02, RETRY_TIMES: 4, USER_AGENT: 'acme (+https://acme.example)' }],
      ['spiders/1/settings', { RETRY_TIMES: 8, DEMO_CURRENCY: 'EUR' }],
    ] as const) {
      const changed = await fetch(`${service.url}/console/projects/${project}/${path}`, {
        method: 'PATCH',
        headers: {
          authorization: `Basic ${btoa(`${service.team.key}:`)}`,
          'Content-Type': 'application/json',
        },
        body: JSON.stringify({ set, secrets: path === 'settings' ? { STORE_PASSWORD: 'nobody' } : {} }),
      });
      expect({ path, status: changed.status }).toEqual({ path, status: 200 });
    }
  }

  async function picture(page: Page, [name, path, sign]: Screen, theme: string) {
    const where = path.startsWith('~')
      ? path.slice(1).replace('ORG', String(organisation))
      : `/p/${service.team.project}${path}`;
    await page.goto(`${service.url}${where}`);
    await page.getByText(sign).first().waitFor();
    for (const folded of await page.getByText('The next 24 hours').all()) await folded.click();
    // Numbers that are not all known yet.
    await eventually(async () =>
      expect(await page.locator('.day .number', { hasText: '+' }).count()).toBe(0),
    );
    await page.waitForLoadState('networkidle').catch(() => {});
    await page.screenshot({ path: join(FOLDER, `${name}-${theme}.png`) });
  }

  /** What shows when something was pressed first. */
  const pressed: [name: string, path: string, press: (page: Page) => Promise<unknown>][] = [
    [
      'run',
      '/jobs',
      async (page) => {
        await page.getByRole('button', { name: 'Run a spider' }).click();
        await page.getByLabel('Spider', { exact: true }).fill('books');
      },
    ],
    ['rule-dialog', '/rules/1', (page) => page.getByRole('button', { name: 'Change' }).click()],
  ];

  it.each(['light', 'dark'] as const)(
    'shows each screen in %s',
    async (colorScheme) => {
      const { page, context } = await chromium.open({ colorScheme });
      context.setDefaultTimeout(SLOWEST_MS);
      const signIn = ['sign-in', '~/sign-in', 'forgotten'] as const;
      if (isWanted('sign-in')) await picture(page, signIn, colorScheme);
      await enter(page, service);
      for (const screen of SCREENS) if (isWanted(screen[0])) await picture(page, screen, colorScheme);
      for (const [name, path, press] of pressed.filter(([each]) => isWanted(each))) {
        await page.goto(`${service.url}/p/${service.team.project}${path}`);
        await press(page);
        await page.getByRole('dialog').waitFor();
        await page.screenshot({ path: join(FOLDER, `${name}-${colorScheme}.png`) });
      }
      await context.setExtraHTTPHeaders({ authorization: `Basic ${btoa(`${await staffKey(service)}:`)}` });
      const server = ['server', '~/server', 'waits longest since'] as const;
      if (isWanted('server')) await picture(page, server, colorScheme);
      await chromium.closeAll(null);
    },
    800_000,
  );
});
