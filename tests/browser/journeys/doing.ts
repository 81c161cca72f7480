import { eventually } from '@spiderhub/testkit';
import type { Scene } from '../page.test.ts';
import { unexpected } from '../support/browser.ts';
import { crawl, enter, plantJob, untilFinished } from '../support/seed.ts';

const short = (key: string) => key.split('/').slice(1).join('/');
const LINES = 400;
const ERROR_AT = 100;

/** What people do all day: filters that are kept, runs with everything set, runs that went wrong, code that does not build. */
export function doing(scene: Scene): void {
  it('saves a filter, which another browser finds, opens and keeps over a reload', async () => {
    const { service, chromium } = scene;
    await untilFinished(service, [await crawl(service, 'books', { category: 'poetry', add_tag: 'kept' })]);
    const windows = [await chromium.open(), await chromium.open()] as const;
    const [{ page: mine }, { page: other }] = windows;
    await enter(mine, service, '/jobs');
    await mine.getByRole('textbox', { name: 'Filter jobs' }).fill('tag:kept state:finished');
    await mine.waitForURL(/q=tag/);
    await mine.getByRole('button', { name: 'Saved views' }).click();
    await mine.getByRole('menuitem', { name: 'Save this filter' }).click();
    const dialog = mine.getByRole('dialog', { name: 'Save this filter' });
    await dialog.getByLabel('Name').fill('kept ones');
    await dialog.getByLabel('Everybody in the project sees it').check();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await enter(other, service, '/jobs');
    await other.getByRole('button', { name: 'Saved views' }).click();
    await other.getByRole('menuitem', { name: /^kept ones.*shared by acme-user/ }).click();
    await other.waitForURL(/q=tag/);
    await other.reload();
    await other.getByRole('button', { name: 'Saved views' }).getByText('kept ones').waitFor();
    await eventually(async () => expect(await other.getByRole('row').count()).toBe(2));
    for (const window of windows) expect(unexpected(window)).toEqual([]);
  });

  it('runs a spider with everything that can be set', async () => {
    const { service, chromium } = scene;
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service, '/jobs');
    await page.getByRole('button', { name: 'Run a spider' }).click();
    const dialog = page.getByRole('dialog', { name: 'Run a spider' });
    await dialog.getByLabel('Spider', { exact: true }).fill('books');
    await dialog.getByLabel('Tags', { exact: true }).fill('one two');
    await dialog.getByLabel('Priority').selectOption('highest');
    await dialog.getByLabel('Units').selectOption('2');
    await dialog.getByLabel('Version').selectOption('1.0');
    await dialog.getByText('Settings and environment of this job').click();
    for (const [noun, name, value] of [
      ['argument', 'category', 'history'],
      ['setting', 'LOG_LEVEL', 'DEBUG'],
      ['variable', 'REGION', 'eu'],
    ]) {
      await dialog.getByRole('button', { name: `Add ${noun}` }).click();
      await dialog.getByLabel(`Name of ${noun} 1`).fill(name ?? '');
      await dialog.getByLabel(`Value of ${noun} 1`).fill(value ?? '');
    }
    await dialog.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('heading', { name: /^books 1\// }).waitFor();
    const [, job] = /\/(1\/\d+)(\?|$)/.exec(page.url()) ?? [];
    const answer = await service.call(`/console/projects/${service.team.project}/jobs/${job}`);
    expect(await answer.json()).toMatchObject({
      spider: 'books',
      tags: ['one', 'two'],
      priority: 4,
      units: 2,
      version: '1.0',
      args: [{ name: 'category', value: 'history' }],
      settings: [{ name: 'LOG_LEVEL', value: '"DEBUG"' }],
      environment: [{ name: 'REGION', value: 'eu' }],
    });
    expect(unexpected(window)).toEqual([]);
  });

  it('opens a failed job at its first error, says which field it lost, and draws its spider with numbers', async () => {
    const { service, chromium } = scene;
    const whole = { items: Array.from({ length: 4 }, () => '{"title": "a", "price": 1}') };
    for (let run = 0; run < 3; run++) await plantJob(service, 'py:hello.py', whole);
    const logs = Array.from({ length: LINES }, (_, n) =>
      JSON.stringify({
        time: 1_764_478_800_000 + n,
        level: n < ERROR_AT ? 20 : 40,
        message: `line ${n} of it`,
      }),
    );
    const items = Array.from({ length: 4 }, () => '{"title": "a"}');
    const key = await plantJob(service, 'py:hello.py', { logs, items }, {}, 'failed');
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service, `/${short(key)}`);
    const log = page.getByRole('log');
    const first = log.locator('.window-row.current');
    await first.getByText(`line ${ERROR_AT} of it`, { exact: true }).waitFor();
    await eventually(async () => {
      const [row, box] = [await first.boundingBox(), await log.boundingBox()];
      expect(row?.y).toBeGreaterThanOrEqual(box?.y ?? 0);
      expect(row?.y).toBeLessThan((box?.y ?? 0) + (box?.height ?? 0));
    });
    const parts = page.getByRole('navigation', { name: 'Parts of the job' });
    await parts.getByRole('link', { name: /^Items/ }).click();
    const fields = page.getByRole('region', { name: 'Fields' });
    const lost = fields.getByRole('button', { name: /^price/ });
    await lost.getByText('usually 100 %').waitFor();
    await fields.getByRole('button', { name: /^title/ }).click();
    await page.getByRole('dialog', { name: 'Field title' }).getByText('Of a sample of 4 items').waitFor();
    const { project } = service.team;
    await page.goto(`${service.url}/p/${project}/spiders/${key.split('/')[1]}`);
    const numbers = page.getByRole('img', { name: /^Items: / }).locator('.tick-of-axis');
    await eventually(async () =>
      expect(await numbers.allTextContents()).toEqual(expect.arrayContaining(['0', '3', '6', short(key)])),
    );
    await page.goto(`${service.url}/p/${project}`);
    const most = page.getByRole('img', { name: / brought nothing home$/ }).locator('.tick-of-axis');
    await eventually(async () => expect(await most.count()).toBeGreaterThanOrEqual(4));
    expect(unexpected(window)).toEqual([]);
  });

  it('asks before a tab is closed that deploys, and says why code is refused', async () => {
    const { service, chromium } = scene;
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service, '/code');
    await page.getByText('in use').waitFor();
    const before = await page.getByRole('row').count();
    await page.setInputFiles('input[type=file]', {
      name: 'broken.egg',
      mimeType: 'application/zip',
      buffer: Buffer.from('no archive at all'),
    });
    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await page.route('**/versions', async (route) => {
      if (route.request().method() === 'POST') await held;
      await route.continue();
    });
    await page.getByRole('textbox', { name: 'Version' }).fill('3.0');
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    await page.getByText('Building').waitFor();
    const asked = page.waitForEvent('dialog');
    await page.close({ runBeforeUnload: true });
    expect((await asked).type()).toBe('beforeunload');
    goOn();
    const dialog = page.getByRole('dialog', { name: 'Deploy an egg' });
    expect(await dialog.getByRole('alert').textContent()).toMatch(/egg|zip|archive/i);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await page.getByRole('row').count()).toBe(before);
    expect(unexpected(window, /^a dialog of the browser/)).toEqual([]);
  });
}
