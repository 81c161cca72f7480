import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { hashApiKey, newApiKey } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import type { Page } from 'playwright-core';
import type { Service } from '../../support/service.ts';
import type { Scene } from '../page.test.ts';
import { expectedRefusal, unexpected } from '../support/browser.ts';
import { enter } from '../support/seed.ts';

const SECRET = 'planted-secret-4711';
const HOSTILE = '<img src=x onerror=alert(1)>';

/** What people may do, and what they give to programs. */
export function people(scene: Scene): void {
  describe('for admins', () => tests(scene));
}

/** The line that the page shows for curl, as somebody pastes it into a shell. */
async function curlLine(page: Page): Promise<string> {
  const line = await page
    .getByRole('dialog')
    .getByText(/^curl -u sphub_/)
    .textContent();
  return line ?? '';
}

async function paste(line: string): Promise<{ status?: string; message?: string }> {
  const { stdout } = await promisify(execFile)('sh', ['-c', `${line} -s`]);
  return JSON.parse(stdout);
}

async function menuOf(page: Page, name: string, item: string): Promise<void> {
  await page
    .getByRole('button', { name: `What can be done with ${name}` })
    .first()
    .click();
  await page.getByRole('menuitem', { name: item }).click();
}

function tests(scene: Scene): void {
  it('makes a key, shows it once with lines that work as they are, replaces it and revokes it', async () => {
    const { service, chromium } = scene;
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service);
    await page.goto(`${service.url}/account`);
    await page.getByRole('button', { name: 'New key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill(`nightly ${HOSTILE}`);
    await dialog.getByRole('button', { name: 'Read results' }).click();
    await dialog.getByRole('button', { name: 'In some projects' }).click();
    await dialog.getByLabel('Good from addresses').fill('nowhere');
    await dialog.getByRole('button', { name: 'Make the key' }).click();
    await dialog.getByText(/networks/).waitFor();
    await dialog.getByLabel('Good from addresses').fill('127.0.0.1, ::1');
    await dialog.getByRole('button', { name: 'Make the key' }).click();
    const first = await curlLine(page);
    expect(await paste(first)).toMatchObject({ status: 'ok' });
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    const key = /sphub_\w+/.exec(first)?.[0] ?? 'none';
    expect(await page.content()).not.toContain(key);

    // Who has used a key in a terminal comes back to the page.
    await eventually(async () => {
      await page.evaluate("window.dispatchEvent(new Event('focus'))");
      expect(await page.getByText('· curl').count()).toBe(1);
    });
    const row = page.getByRole('row').filter({ hasText: 'nightly' });
    expect(await row.first().textContent()).toMatch(/from 127\.0\.0\.1(\/32)?, ::1/);
    await menuOf(page, 'nightly', 'Replace');
    await dialog.getByLabel('The old key').selectOption('goes on for an hour');
    await dialog.getByRole('button', { name: 'Make the new key' }).click();
    const second = await curlLine(page);
    expect(second).not.toBe(first);
    expect(await paste(second)).toMatchObject({ status: 'ok' });
    expect(await paste(first)).toMatchObject({ status: 'ok' });
    await page.keyboard.press('Escape');
    await row.filter({ hasText: 'another took its place' }).waitFor();
    await row
      .filter({ hasNotText: 'another took its place' })
      .getByRole('button', { name: 'What can be done with nightly' })
      .click();
    await page.getByRole('menuitem', { name: 'Revoke' }).click();
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await row.filter({ hasText: 'revoked' }).waitFor();
    // Within a second, for which a process remembers a key.
    await eventually(async () => expect((await paste(second)).status).not.toBe('ok'));
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(unexpected(window, expectedRefusal(400))).toEqual([]);
  });

  it('sets variables, and shows secrets to nobody again', async () => {
    const { service, chromium } = scene;
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service, '/settings/variables');
    const dialog = page.getByRole('dialog');
    for (const [name, value, isSecret, spider] of [
      ['REGION', 'eu', false, ''],
      ['REGION', HOSTILE, false, 'books'],
      ['API_TOKEN', SECRET, true, ''],
    ] as const) {
      await page.getByRole('button', { name: 'Set a variable' }).click();
      await dialog.getByLabel('Name').fill(name);
      await dialog.getByLabel('Value').fill(value);
      if (isSecret) await dialog.getByLabel(/^Secret/).check();
      await dialog.getByLabel('For').selectOption(spider);
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
    }
    for (const [name, value, isSecret] of [
      ['DOWNLOAD_DELAY', '0.25', false],
      ['STORE_PASSWORD', SECRET, true],
    ] as const) {
      await page.getByRole('button', { name: 'Set a setting' }).click();
      await dialog.getByLabel('Name').fill(name);
      await dialog.getByLabel('Value').fill(value);
      if (isSecret) await dialog.getByLabel(/^Secret/).check();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
    }
    await page.reload();
    const rows = page.getByRole('region', { name: 'Environment variables' }).getByRole('row');
    await rows.nth(3).waitFor();
    expect((await rows.allTextContents()).slice(1)).toEqual([
      expect.stringMatching(/^API_TOKEN••••••• secretall spiders/),
      expect.stringMatching(/^REGIONeuall spiders/),
      expect.stringContaining(`REGION${HOSTILE}books`),
    ]);
    await page.getByRole('region', { name: 'Settings of all jobs' }).getByText('0.25').waitFor();
    expect(await page.content()).not.toContain(SECRET);
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    const answer = await service.call(`/console/projects/${service.team.project}/settings`);
    expect((await answer.json()) as unknown).toEqual({
      settings: [
        { name: 'DOWNLOAD_DELAY', value: 0.25, secret: false },
        { name: 'STORE_PASSWORD', value: null, secret: true },
      ],
    });
    await menuOf(page, 'STORE_PASSWORD', 'Change');
    expect(await dialog.getByLabel('Value').inputValue()).toBe('');
    await page.keyboard.press('Escape');
    await menuOf(page, 'STORE_PASSWORD', 'Remove');
    await page.getByText('STORE_PASSWORD').waitFor({ state: 'detached' });
    await menuOf(page, 'DOWNLOAD_DELAY', 'Remove');
    await page.getByText('Nothing is set').waitFor();
    expect(unexpected(window)).toEqual([]);
  });

  it('shows limits and usage to admins, and lets staff alone set them', async () => {
    const { service, chromium } = scene;
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service, '/settings/limits');
    const row = page.getByRole('row').filter({ hasText: 'Items of one job' });
    await row.waitFor();
    expect(await page.getByRole('button', { name: /^Change:/ }).count()).toBe(0);
    await eventually(async () => {
      // A crawl of another test may still write.
      await page.reload();
      const usage = await service.call(`/console/projects/${service.team.project}/usage`);
      const { items } = (await usage.json()) as { items: number };
      const figure = page.locator('.figure').filter({ hasText: /items$/ });
      expect(await figure.textContent()).toBe(`${new Intl.NumberFormat('en').format(items)}items`);
    });
    expect(unexpected(window)).toEqual([]);

    const staff = await chromium.open();
    await staff.context.setExtraHTTPHeaders(await staffHeaders(service));
    await staff.page.goto(`${service.url}/p/${service.team.project}/settings/limits`);
    await staff.page.getByRole('button', { name: 'Change: Items of one job' }).click();
    const dialog = staff.page.getByRole('dialog');
    const limit = staff.page.getByRole('row').filter({ hasText: 'Items of one job' });
    await dialog.getByLabel('Limit').selectOption('a number');
    await dialog.getByLabel('At most').fill('123456');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await limit.filter({ hasText: '123,456' }).filter({ hasText: 'set here' }).waitFor();
    await staff.page.getByRole('button', { name: 'Change: Items of one job' }).click();
    await dialog.getByLabel('Limit').selectOption('the default');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await limit.filter({ hasText: 'default' }).waitFor();
    expect(unexpected(staff)).toEqual([]);
  });

  it('shows who did what from where, before and after, and exports it', async () => {
    const { service, chromium } = scene;
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service, '/settings');
    await page.getByLabel('Name', { exact: true }).fill(`shop ${HOSTILE}`);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The project has another name').waitFor();
    await page.getByRole('link', { name: 'Audit' }).click();
    await page.getByLabel('What was done').fill('project');
    await page.getByLabel('Outcome').selectOption('done');
    await page.getByRole('button', { name: 'Filter' }).click();
    const log = page.getByRole('region', { name: 'Audit log' });
    const rows = log.getByRole('row');
    // The renaming is the newest line without the filter, too.
    await log
      .getByText(/^(limits|settings)\./)
      .first()
      .waitFor({ state: 'hidden' });
    await rows
      .nth(1)
      .getByText(/^project\./)
      .waitFor();
    const texts = (await rows.allTextContents()).slice(1);
    expect(texts.filter((text) => !text.includes('project.'))).toEqual([]);
    expect(texts[0]).toContain('acme-user');
    expect(texts[0]).toContain('127.0.0.1 · Chrome on Linux');
    await rows
      .nth(1)
      .getByRole('button', { name: /^More of/ })
      .click();
    const change = page.getByRole('dialog').getByRole('row').filter({ hasText: 'name' });
    expect(await change.textContent()).toBe(`nameacme-projectshop ${HOSTILE}`);
    await page.keyboard.press('Escape');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export as JSON lines' }).click();
    const lines = (await readFile(await (await download).path(), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(texts.length);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      outcome: 'done',
      actor: { kind: 'user', name: 'acme-user' },
      before: { name: 'acme-project' },
    });
    await page.getByLabel('By whom').fill('nobody is called so');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.getByText('Nothing here').waitFor();
    await service.db
      .database('projects')
      .where({ id: service.team.project })
      .update({ name: 'acme-project' });
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(unexpected(window)).toEqual([]);
  });
}

/** What a program of the operator's shows with each call, or a proxy in front of the page: people are no staff. */
async function staffHeaders({ db }: Service): Promise<Record<string, string>> {
  const key = newApiKey();
  const owner = { user: null, project: null, staff: true };
  await createAdminStore(db.database).createKey({ hash: hashApiKey(key), hint: 'staff', ...owner });
  return { Authorization: `Basic ${btoa(`${key}:`)}` };
}
