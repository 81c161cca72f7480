import { hashApiKey, keyHint, newApiKey } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import type { Page, Route } from 'playwright-core';
import { buildSecondEgg } from '../support/demo-egg.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import type { Service } from '../support/service.ts';
import { Chromium, describeInBrowser, unexpected } from './support/browser.ts';
import { drawn } from './support/frames.ts';
import { type Document, Planting } from './support/planting.ts';
import { crawl, enter, staffKey, startDemo, untilFinished } from './support/seed.ts';
import { faultsOfTexts } from './support/texts.ts';

/**
 * Whatever texts the service answers with, they are shown as texts and fit the screen. Answers of the real service get
 * hostile texts in each field whose schema allows any: a field that comes to a schema is planted, too, and one that no
 * screen has asked for fails the test.
 */

const MARKUP = '<img src=x onerror=alert(1)>"><script>alert(2)</script>';
const HOSTILE = `${MARKUP}{{7*7}}\u0000\u0007\u{1F577} \u2069\u202e${'W'.repeat(300)}`;
const SLOWEST_MS = 300_000;
const WIDTHS = [1280, 320] as const;

/** What the page reads as more than a text, and the service alone writes: numbers of jobs, marks of places, zones. */
const OURS = [
  /\.(key|cursor|csrfToken|event|sha256|lastGood|previous|next|beside|source|job)$/,
  /\.(cron|timezone|zone|jobs\[\])$/,
  /^(readLiveness|readOpenApi|readEvents)/,
];
/** Values that are JSON texts. */
const JSON_TEXTS =
  /(settings\[\]\.value|meta\[\]\.value|fields\[\]\.text|frequent\[\]\.text|stats\[\]\.(value|before|a|b))$/;

type Press = (page: Page) => Promise<void>;

function click(name: string | RegExp): Press {
  return (page) => page.getByRole('button', { name }).first().click();
}

async function openLine(page: Page): Promise<void> {
  await page.getByRole('log').focus();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
}

async function searchAll(page: Page): Promise<void> {
  await page.keyboard.press('/');
  for (const text of ['1/1', 'daily', 'boo']) {
    await page.getByRole('combobox').fill(text);
    await page.getByRole('option').getByText('onerror').first().waitFor();
  }
}

/** Screens of the project, or of something else (`~`), what they ask the service for, and what is done on them. */
const SCREENS: readonly (readonly [path: string, asked: string, press?: Press])[] = [
  ['', 'readHealth'],
  ['/jobs', 'listJobs', searchAll],
  ['/spiders', 'readHealth'],
  ['/spiders/1', 'readSpiderSettings'],
  ['/1/1?tab=overview', 'listJobTriggers'],
  ['/1/1?tab=items', 'readItems', click('Open item 0')],
  ['/1/1?tab=items', 'readCoverage', click(/^title/)],
  ['/1/1?tab=log', 'readLogs', openLine],
  ['/1/1?tab=requests', 'readRequests'],
  ['/1/1?tab=stats', 'readStats'],
  ['/SCRIPT/1?tab=settings', 'readJob'],
  ['/SCRIPT/2?tab=overview', 'listJobTriggers'],
  ['/SCRIPT/1', 'readJob', click('Run again')],
  ['/2/1?tab=attempts', 'readJob'],
  ['/2/1?tab=overview', 'readErrors'],
  ['/1/1', 'readJob', click('Run again')],
  ['/WAITING/1', 'readJob'],
  ['/code', 'listVersions', click('Use this')],
  ['/periodic', 'listSchedules'],
  ['/periodic/1', 'listScheduleRuns'],
  ['/periodic/1/edit', 'readSchedule'],
  ['/webhooks', 'listWebhooks'],
  ['/webhooks/1', 'listDeliveries', click(/^job\.finished/)],
  ['/rules', 'listRules'],
  ['/rules/1', 'listRuleFirings', click('Change')],
  ['/rules/2', 'readRule', click('Change')],
  ['/settings', 'listProjectInvitations'],
  ['/settings/keys', 'listProjectKeys'],
  ['/settings/variables', 'listSettings'],
  ['/settings/audit', 'readProjectAudit', click('More')],
  ['/compare?a=1%2F1&b=1%2F2&by=title', 'compareJobs'],
  ['/compare?a=1%2F1&b=2%2F1', 'compareJobs'],
  ['~/', 'listProjects'],
  ['~/account', 'listOwnKeys'],
  ['~/o/ORG/members', 'listOrganisationInvitations'],
  ['~/o/ORG/keys', 'listOrganisationKeys'],
  ['~/o/ORG/limits', 'readOrganisationLimits'],
  ['~/o/ORG/audit', 'readOrganisationAudit', click('More')],
  ['~/server', 'readServer'],
  ['~/server/audit', 'readWholeAudit', click('More')],
];

const NOT_SHOWN = [
  // What the operator calls the provider of OpenID Connect.
  /^readSignInWays\.openId\.name$/,
  // The list of versions says the same.
  /^readVersion\.changes\./,
  // Nobody is listed there without a mail server; names of people are on other screens.
  /^listAddressees\./,
  // Keys of a project are nobody's.
  /^listProjectKeys\.keys\[\]\.user\.name$/,
];

const isAmong = (patterns: readonly RegExp[], place: string) => patterns.some((each) => each.test(place));

describeInBrowser('texts that crawls and tenants write', () => {
  const chromium = new Chromium();
  let service: Service;
  let receiver: Receiver;
  /** Numbers in the addresses of screens. */
  let numbers: Record<string, string>;
  /** What the service was asked for on a screen. */
  const answered = new Set<string>();

  beforeAll(async () => {
    const env = { WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8' };
    [service, receiver] = await Promise.all([startDemo({ env }), startReceiver(), chromium.start()]);
    receiver.behave((_received, response) => response.writeHead(500).end('no'));
    await plan();
    await furnish();
    const jobs = await crawlAll();
    const numberOf = (key: string | undefined) => key?.split('/')[1] ?? '';
    numbers = { SCRIPT: numberOf(jobs[2]), ...(await organisationOf()), WAITING: numberOf(await wait()) };
  }, SLOWEST_MS);
  afterAll(async () => {
    await chromium.stop();
    await receiver?.close();
    await service?.stop();
  });
  afterEach(() => chromium.closeAll(expect.getState().currentTestName ?? 'hostile'));

  async function send(method: string, path: string, body: unknown): Promise<void> {
    const answer = await fetch(`${service.url}/console${path}`, {
      method,
      headers: { authorization: `Basic ${btoa(`${service.team.key}:`)}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  }

  async function organisationOf(): Promise<{ ORG: string }> {
    const { project } = service.team;
    const row = await service.db.database('projects').where({ id: project }).first('organisation_id');
    return { ORG: String(row.organisation_id) };
  }

  /** What follows when jobs end, and what runs by itself. */
  async function plan(): Promise<void> {
    const { project } = service.team;
    const path = `/projects/${project}`;
    await send('POST', `${path}/webhooks`, { url: receiver.url, spiders: ['books'], hasTag: ['daily'] });
    await send('POST', `${path}/rules`, {
      name: 'again',
      when: { spiders: ['books'], hasTag: ['daily'], outcomes: ['finished'], exceptOutcomes: ['failed'] },
      action: { channel: 'run', spider: 'py:hello.py', args: { a: 'b' }, tags: ['made'] },
    });
    await send('POST', `${path}/rules`, {
      name: 'tell',
      when: { lastWithTag: 'morning' },
      action: { channel: 'slack', url: 'https://hooks.example.org/x' },
    });
    const script = { spider: 'py:hello.py', command: ['--loud'] };
    const spider = { spider: 'books', args: { a: 'b' }, settings: { LOG_LEVEL: 'INFO' } };
    await send('POST', `${path}/schedules`, {
      cron: '0 0 1 1 *',
      description: 'new year',
      tags: ['yearly'],
      tasks: [{ ...spider, environment: { MODE: 'fast' } }, script],
    });
    const { database } = service.db;
    const { id } = await database('periodic_jobs').where({ project_id: project }).first('id');
    const run = { periodic_id: id, planned_at: new Date(), outcome: 'refused', reason: 'full', jobs: [] };
    await database('periodic_runs').insert(run);
  }

  /** People, keys and settings. */
  async function furnish(): Promise<void> {
    const { project } = service.team;
    const { database } = service.db;
    const admin = createAdminStore(database);
    for (const owner of [
      { user: null, project },
      { user: 'acme-user', project: null },
    ]) {
      const secret = newApiKey();
      const hash = hashApiKey(secret);
      await admin.createKey({
        ...owner,
        hash,
        hint: keyHint(secret),
        staff: false,
        name: 'nightly',
        actions: ['jobs.read'],
        networks: ['10.0.0.0/8'],
      });
      const use = { last_used_at: new Date(), last_address: '10.0.0.1', last_client: 'curl/8' };
      await database('api_keys').where({ hash }).update(use);
    }
    await admin.createUser('ann');
    const { id: user_id } = await database('users').where({ name: 'ann' }).first('id');
    await database('project_members').insert({ project_id: project, user_id, role: 'reader' });
    const path = `/projects/${project}`;
    await send('PATCH', `${path}/variables`, { set: { REGION: 'eu' } });
    await send('PATCH', `${path}/settings`, { set: { DEMO_CURRENCY: 'EUR' } });
    await send('POST', `${path}/invitations`, { role: 'reader' });
    await send('POST', `/organisations/${(await organisationOf()).ORG}/invitations`, { role: 'reader' });
    await send('POST', `${path}/views`, { name: 'mine', q: 'tag:daily', isShared: true });
  }

  async function crawlAll(): Promise<string[]> {
    const jobs = [
      await crawl(service, 'books', {
        category: 'travel',
        add_tag: 'daily',
        job_settings: '{"LOG_LEVEL": "INFO"}',
        environment: '{"MODE": "slow"}',
        meta: '{"note": "x"}',
      }),
      await crawl(service, 'broken', { how: 'callback' }),
      await crawl(service, 'py:hello.py', { cmd_args: '["--loud"]' }),
      await crawl(service, 'books', { category: 'poetry' }),
    ];
    await untilFinished(service, jobs);
    const form = new FormData();
    form.set('project', String(service.team.project));
    form.set('version', '2.0');
    form.set('egg', new Blob([new Uint8Array(await buildSecondEgg())]), 'demo.egg');
    await (await service.call('/api/scrapyd/addversion.json', form)).text();
    const path = `/projects/${service.team.project}`;
    await send('POST', `${path}/versions/1.0/use`, {});
    await send('PATCH', `${path}/spiders/1/settings`, { set: { DEMO_CURRENCY: 'USD' } });
    await send('POST', `${path}/spiders/1/tags`, { add: ['daily'] });
    const made = service.db.database('rule_firings').whereNotNull('job').first();
    await eventually(async () => expect(await made.clone()).toBeDefined());
    return jobs;
  }

  /** A job that waits for good. */
  async function wait(): Promise<string> {
    await service.db.database('projects').where({ id: service.team.project }).update({ paused: true });
    return crawl(service, 'slow');
  }

  async function planting(): Promise<Planting> {
    const document = (await (await fetch(`${service.url}/console/openapi.json`)).json()) as Document;
    return new Planting(document, (place, text) => {
      if (isAmong(OURS, place)) return null;
      return JSON_TEXTS.test(place) ? JSON.stringify(text + HOSTILE) : text + HOSTILE;
    });
  }

  async function answer(route: Route, plants: Planting): Promise<void> {
    const request = route.request();
    const url = new URL(request.url());
    const operation = request.method() === 'GET' ? plants.operationAt(url.pathname) : undefined;
    if (!operation || request.resourceType() === 'eventsource') return route.continue();
    // A name that the page asks for is one that was planted.
    url.pathname = encodeURI(decodeURIComponent(url.pathname).replaceAll(HOSTILE, ''));
    for (const name of new Set(url.searchParams.keys()))
      url.searchParams.set(name, url.searchParams.get(name)?.replaceAll(HOSTILE, '') ?? '');
    const response = await route.fetch({ url: String(url) });
    if (!response.ok() || !response.headers()['content-type']?.includes('json'))
      return route.fulfill({ response });
    await route.fulfill({ response, json: plants.plant(operation, await response.json()) });
    answered.add(operation.operationId);
  }

  async function visit(page: Page, [path, asked, press]: (typeof SCREENS)[number]): Promise<string[]> {
    const numbered = path.replace(/[A-Z]+/, (name) => numbers[name] ?? name);
    const where = path.startsWith('~') ? numbered.slice(1) : `/p/${service.team.project}${numbered}`;
    answered.clear();
    await page.goto(`${service.url}${where}`);
    await page.locator('main').getByText('onerror').first().waitFor();
    await eventually(() => expect([...answered]).toContain(asked));
    await page.locator('.skeleton').first().waitFor({ state: 'detached' });
    if (press) {
      await press(page);
      await page.getByRole('dialog').getByText('onerror').first().waitFor({ state: 'attached' });
    }
    const wrong: string[] = [];
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      // Charts fit themselves to a new size in the frame after it.
      await drawn(page);
      wrong.push(
        ...(await faultsOfTexts(page)).map((fault) => `${path} ${press ? '+' : ''} at ${width}: ${fault}`),
      );
    }
    return wrong;
  }

  it(
    'are texts on each screen, fit it and turn nothing beside them',
    async () => {
      const plants = await planting();
      const window = await chromium.open();
      const { page, context } = window;
      await enter(page, service);
      await page.route('**/console/**', (route) => answer(route, plants));
      const wrong: string[] = [];
      for (const screen of SCREENS) {
        if (screen[0].startsWith('~/server')) {
          const authorization = `Basic ${btoa(`${await staffKey(service)}:`)}`;
          await context.setExtraHTTPHeaders({ authorization });
        }
        wrong.push(...(await visit(page, screen).catch((error) => [`${screen[0]}: ${error}`])));
      }
      // No answer is on its way any more when the browser goes.
      await page.unrouteAll({ behavior: 'wait' });
      const places = plants.operations().flatMap((operation) => plants.placesOf(operation));
      const bare = places.filter(
        (place) => !plants.planted.has(place) && !isAmong([...OURS, ...NOT_SHOWN], place),
      );
      expect({ wrong, complaints: unexpected(window), bare }).toEqual({
        wrong: [],
        complaints: [],
        bare: [],
      });
    },
    SLOWEST_MS,
  );
});
