import { hashApiKey } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import type { Page } from 'playwright-core';
import type { Service } from '../../support/service.ts';
import type { Scene } from '../page.test.ts';
import { faultsOf } from '../support/axe.ts';
import { expectedRefusal, unexpected } from '../support/browser.ts';
import { crawl, enter, staffKey, untilFinished } from '../support/seed.ts';

/** axe takes its time on a busy machine. */
const AXE_MS = 480_000;

/** Screens of a project, or of something else (`~`), and what is seen when they are there. */
const SCREENS: readonly (readonly [path: string, sign: string])[] = [
  ['', 'Needs a look'],
  ['/jobs', 'finished'],
  ['/spiders', 'books'],
  ['/spiders/1', 'Settings of the next run'],
  ['/1/1', 'What became of it'],
  ['/1/1?tab=items', 'Fields'],
  ['/1/1?tab=log', 'Spider opened'],
  ['/1/1?tab=requests', '2xx'],
  ['/1/1?tab=stats', 'downloader/'],
  ['/1/1?tab=charts', 'Items a minute'],
  ['/1/1?tab=settings', 'Settings of this job'],
  ['/1/1?tab=attempts', 'Ended with'],
  ['/code', 'in use'],
  ['/settings', 'For programs'],
  ['/settings/keys', 'seen by many'],
  ['/settings/variables', 'REGION'],
  ['/settings/limits', 'Jobs that wait'],
  ['/settings/audit', 'acme-user'],
  ['/compare?a=1%2F1&b=1%2F2', 'Started with'],
  ['~/account', 'Where you are signed in'],
  ['~/o/ORG/members', 'Roles add up'],
  ['~/o/ORG/keys', 'project'],
  ['~/o/ORG/limits', 'Usage by project'],
  ['~/o/ORG/audit', 'acme-user'],
  ['~/', 'Number'],
];

async function addressOf({ db, team }: Service, path: string): Promise<string> {
  if (!path.startsWith('~')) return `/p/${team.project}${path}`;
  const { organisation_id } = await db
    .database('projects')
    .where({ id: team.project })
    .first('organisation_id');
  return path.slice(1).replace('ORG', organisation_id);
}

async function show(page: Page, scene: Scene, path: string, sign: string): Promise<void> {
  const { service } = scene;
  await page.goto(`${service.url}${await addressOf(service, path)}`);
  await page.getByText(sign).first().waitFor();
}

/** Everybody can use it: by keys, in both themes, on a small screen. */
export function looks(scene: Scene): void {
  describe('for everybody', () => tests(scene));
}

function tests(scene: Scene): void {
  beforeAll(async () => {
    const { service } = scene;
    await untilFinished(service, [await crawl(service, 'broken')]);
    const { project } = service.team;
    const admin = createAdminStore(service.db.database);
    const owner = { user: null, project, staff: false };
    await admin.createKey({ hash: hashApiKey('seen'), hint: 'seen', name: 'seen by many', ...owner });
    await service.db
      .database('variables')
      .insert({ project_id: project, name: 'REGION', value: 'eu', changed_by: 'test' })
      .onConflict(['project_id', 'spider', 'name'])
      .ignore();
  });

  it.each(['light', 'dark'] as const)(
    'has no fault that axe finds, in %s',
    async (colorScheme) => {
      const window = await scene.chromium.open({ colorScheme });
      const faults: string[] = [];
      const look = async (path: string, sign: string) => {
        await show(window.page, scene, path, sign);
        const found = await faultsOf(window.page, { onlyColours: colorScheme === 'dark' });
        faults.push(...found.map((fault) => `${path}: ${fault}`));
      };
      await look('~/sign-in', 'Password');
      await look('~/forgotten', 'Your e-mail address');
      await enter(window.page, scene.service);
      for (const [path, sign] of SCREENS) await look(path, sign);
      await show(window.page, scene, '/jobs', 'finished');
      await window.page.getByRole('button', { name: 'Run a spider' }).click();
      await window.page.getByRole('dialog').waitFor();
      faults.push(...(await faultsOf(window.page)).map((fault) => `run: ${fault}`));
      expect(faults).toEqual([]);
      expect(unexpected(window, expectedRefusal(401))).toEqual([]);
    },
    AXE_MS,
  );

  it('fits on 320 pixels', async () => {
    const { page } = await scene.chromium.open({ width: 320, height: 640 });
    await enter(page, scene.service);
    const wrong: string[] = [];
    const look = async (path: string, sign: string) => {
      await show(page, scene, path, sign);
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      if (width !== 320) wrong.push(`${path}: ${width}`);
      // Lists of links scroll sideways there.
      for (const here of await page.locator('nav [aria-current=page]').all()) {
        const box = await here.boundingBox();
        if (!box || box.x < 0 || box.x + box.width > 320) wrong.push(`${path}: where one is is out of sight`);
      }
    };
    for (const [path, sign] of SCREENS) await look(path, sign);
    const authorization = `Basic ${btoa(`${await staffKey(scene.service)}:`)}`;
    await page.context().setExtraHTTPHeaders({ authorization });
    await look('~/server', 'waits longest since');
    expect(wrong).toEqual([]);
  });

  it('keeps each number of the stats in one line', async () => {
    const { page } = await scene.chromium.open();
    await enter(page, scene.service);
    await show(page, scene, '/1/1?tab=stats', 'elapsed_time_seconds');
    const heights = await page
      .locator('td.number .raw')
      .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().height));
    expect(heights.length).toBeGreaterThan(10);
    expect(Math.max(...heights)).toBe(Math.min(...heights));
  });

  it('goes anywhere and does anything by keys alone', async () => {
    const window = await scene.chromium.open();
    const { page } = window;
    await enter(page, scene.service, '/jobs');
    await page.getByRole('row').nth(1).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.getByText('1 job selected').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('1 job selected').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search spiders, jobs, pages' }).fill('1/1');
    await page.getByRole('option', { name: /^1\/1 books/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'books 1/1' }).waitFor();
    await page.keyboard.press('3');
    const log = page.getByRole('log');
    await log.waitFor();
    await log.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('Spider closed (finished)').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.getByRole('heading', { name: 'Spiders' }).waitFor();
    await page.keyboard.press('r');
    await page.getByRole('dialog', { name: 'Run a spider' }).waitFor();
    expect(unexpected(window)).toEqual([]);
  });
}
