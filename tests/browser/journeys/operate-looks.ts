import type { Page } from 'playwright-core';
import type { OperateScene } from '../operate.test.ts';
import { faultsOf } from '../support/axe.ts';
import { expectedRefusal, unexpected } from '../support/browser.ts';
import { enter } from '../support/seed.ts';

/** axe takes its time on a busy machine. */
const AXE_MS = 240_000;
const HOSTILE = '<img src=x onerror=alert(1)>"><script>alert(2)</script>\u202e';

/** Screens of a project, and what is seen when they are there. */
const SCREENS: readonly (readonly [path: string, sign: string])[] = [
  ['/periodic', 'Next run'],
  ['/periodic/1', 'What became of it'],
  ['/periodic/new', 'When'],
  ['/periodic/1/edit', 'The next 10 runs'],
  ['/webhooks', 'Last 24 hours'],
  ['/webhooks/1', 'What went wrong'],
  ['/rules', 'Then'],
  ['/rules/1', 'ran a job'],
];

async function show(page: Page, { service }: OperateScene, path: string, sign: string): Promise<void> {
  await page.goto(`${service.url}/p/${service.team.project}${path}`);
  await page.getByText(sign).first().waitFor();
}

/** The dialogs of these screens. */
const DIALOGS: readonly (readonly [path: string, sign: string, button: string])[] = [
  ['/webhooks', 'Last 24 hours', 'New webhook'],
  ['/webhooks/1', 'What went wrong', 'job.finished'],
  ['/rules', 'Then', 'New rule'],
  ['/periodic/1', 'What became of it', 'Delete'],
];

/** Everybody can use them: by keys, in both themes, on a small screen, whatever is written in them. */
export function operateLooks(scene: OperateScene): void {
  it.each(['light', 'dark'] as const)(
    'have no fault that axe finds, in %s',
    async (colorScheme) => {
      const window = await scene.chromium.open({ colorScheme });
      const { page } = window;
      await enter(page, scene.service);
      const faults: string[] = [];
      const look = async (where: string) => {
        const found = await faultsOf(page, { onlyColours: colorScheme === 'dark' });
        faults.push(...found.map((fault) => `${where}: ${fault}`));
      };
      for (const [path, sign] of SCREENS) {
        await show(page, scene, path, sign);
        await look(path);
      }
      for (const [path, sign, button] of DIALOGS) {
        await show(page, scene, path, sign);
        await page.getByRole('button', { name: button }).first().click();
        await page.getByRole('dialog').waitFor();
        await look(`${path} ${button}`);
      }
      expect(faults).toEqual([]);
      expect(unexpected(window)).toEqual([]);
    },
    AXE_MS,
  );

  it('fit on 320 pixels', async () => {
    const { page } = await scene.chromium.open({ width: 320, height: 640 });
    await enter(page, scene.service);
    const tooWide: string[] = [];
    const look = async (where: string) => {
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      if (width !== 320) tooWide.push(`${where}: ${width}`);
    };
    for (const [path, sign] of SCREENS) {
      await show(page, scene, path, sign);
      await look(path);
    }
    for (const [path, sign, button] of DIALOGS) {
      await show(page, scene, path, sign);
      await page.getByRole('button', { name: button }).first().click();
      const box = await page.getByRole('dialog').boundingBox();
      if (!box || box.x < 0 || box.x + box.width > 320) tooWide.push(`${path} ${button}: ${box?.width}`);
      const body = page.locator('.dialog .body').first();
      const spilled = await body.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
      if (spilled > 0) tooWide.push(`${path} ${button}: ${spilled} pixels of it`);
    }
    expect(tooWide).toEqual([]);
  });

  it('are reached and used by keys alone', async () => {
    const window = await scene.chromium.open();
    const { page } = window;
    await enter(page, scene.service, '/jobs');
    await page.getByRole('row').nth(1).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    await page.getByRole('heading', { name: 'Periodic jobs' }).waitFor();
    await page.getByRole('link', { name: 'Over the change' }).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('o');
    await page.getByRole('heading', { name: 'Over the change' }).waitFor();
    await page.keyboard.press('p');
    await page.getByText('It is paused: nothing runs, and').waitFor();
    await page.keyboard.press('p');
    await page.getByText('It is paused: nothing runs, and').waitFor({ state: 'detached' });
    await page.keyboard.press('e');
    await page.getByRole('heading', { name: /^Change periodic job/ }).waitFor();
    await page.getByLabel('Tags of its jobs').focus();
    await page.keyboard.type('one,two');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Remove tag two' }).waitFor();
    await page.keyboard.press('Backspace');
    await page.getByRole('button', { name: 'Remove tag two' }).waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Over the change' }).waitFor();
    await page.getByText('one', { exact: true }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search spiders, jobs, pages' }).fill('webh');
    await page.getByRole('option', { name: /^Webhooks/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Webhooks' }).waitFor();
    await page.getByRole('row').nth(1).waitFor();
    await page.keyboard.press('n');
    await page.getByRole('dialog', { name: 'New webhook' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'New webhook' }).waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.getByRole('heading', { name: 'Rules' }).waitFor();
    expect(unexpected(window)).toEqual([]);
  });

  it('take any text for a text', async () => {
    const { service, chromium } = scene;
    const { project, key } = service.team;
    const send = async (path: string, body: unknown) => {
      const answer = await fetch(`${service.url}/console/projects/${project}${path}`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
      });
      expect({ path, status: answer.status, text: await answer.text() }).toMatchObject({ status: 200 });
    };
    const named = { [HOSTILE.replaceAll('=', '')]: HOSTILE };
    const task = { spider: 'books', args: named, settings: named, environment: { HOSTILE } };
    await send('/schedules', { cron: '0 0 1 1 *', description: HOSTILE, tags: [HOSTILE], tasks: [task] });
    const address = `${scene.receiver.url}?${encodeURIComponent(HOSTILE)}`;
    await send('/webhooks', { url: address, description: HOSTILE, spiders: [HOSTILE], hasTag: [HOSTILE] });
    await send('/rules', {
      name: HOSTILE,
      when: { spiders: [HOSTILE], hasTag: [HOSTILE], outcomes: [HOSTILE], exceptOutcomes: [HOSTILE] },
      action: { channel: 'run', spider: 'books', args: named, tags: [HOSTILE] },
    });
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service);
    for (const place of ['periodic', 'webhooks', 'rules']) {
      await show(page, scene, `/${place}`, 'onerror');
      await page.getByRole('row').last().getByRole('link').first().click();
      await page.getByText(HOSTILE).first().waitFor();
      await page.getByRole('button', { name: 'Change', exact: true }).click();
      await page.getByRole('button', { name: 'Save' }).waitFor();
      const fields = await page.getByRole('textbox').all();
      const values = await Promise.all(fields.map((field) => field.inputValue()));
      expect(values.join('\n')).toContain(HOSTILE);
    }
    await show(page, scene, '/periodic/new?spider=%3Cscript%3E', 'When');
    expect(await page.getByLabel('Spider', { exact: true }).inputValue()).toBe('<script>');
    await page.goto(`${service.url}/p/${project}/periodic/999`);
    await page.getByRole('alert').waitFor();
    await page.goto(`${service.url}/p/${project}/webhooks/x`);
    await page
      .getByText(/no such/i)
      .first()
      .waitFor();
    expect(await page.locator('img[src="x"], main script').count()).toBe(0);
    expect(unexpected(window, expectedRefusal(404))).toEqual([]);
  });
}
