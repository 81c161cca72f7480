import type { Locator, Page } from 'playwright-core';
import type { Scene } from '../page.test.ts';
import { unexpected } from '../support/browser.ts';
import { enter } from '../support/seed.ts';

const MOST_STOPS = 80;

/** Presses Tab until this has the focus, as who has no mouse does. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let stops = 0; stops < MOST_STOPS; stops++) {
    if ((await target.and(page.locator(':focus')).count()) > 0) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not come to ${String(target)}`);
}

async function press(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press('Enter');
}

/** Settings, keys, variables, limits and the audit log without a mouse. */
export function byKeys(scene: Scene): void {
  it('administers a project by keys alone', async () => {
    const { service, chromium } = scene;
    const window = await chromium.open();
    const { page } = window;
    const link = (name: string) => page.getByRole('link', { name, exact: true });
    const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
    await enter(page, service, '/settings');
    await page.getByText('For programs').waitFor();

    await press(page, link('Keys'));
    await press(page, button('New key'));
    const dialog = page.getByRole('dialog');
    // A form begins at its first field.
    await dialog.getByLabel('Name', { exact: true }).and(page.locator(':focus')).waitFor();
    await page.keyboard.type('by keys');
    await press(page, dialog.getByRole('button', { name: 'Make the key' }));
    await dialog.getByText(/^curl -u sphub_/).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await press(page, button('What can be done with by keys'));
    await page.getByRole('menuitem', { name: 'Revoke' }).waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await press(page, dialog.getByRole('button', { name: /^Revoke/ }));
    await page.getByRole('row').filter({ hasText: 'by keys' }).getByText('revoked').waitFor();

    await press(page, link('Variables and settings'));
    await press(page, button('Set a setting'));
    await tabTo(page, dialog.getByLabel('Name'));
    await page.keyboard.type('RETRY_TIMES');
    await tabTo(page, dialog.getByLabel('Value'));
    await page.keyboard.type('4');
    await press(page, dialog.getByRole('button', { name: 'Save' }));
    await dialog.waitFor({ state: 'detached' });
    await press(page, button('What can be done with RETRY_TIMES'));
    await page.getByRole('menuitem', { name: 'Remove' }).waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.getByText('RETRY_TIMES', { exact: true }).waitFor({ state: 'detached' });

    await press(page, link('Limits and usage'));
    await page.getByText('on disk in all').waitFor();
    await tabTo(page, page.getByRole('region', { name: 'Limits' }));

    await press(page, link('Audit'));
    await tabTo(page, page.getByLabel('What was done'));
    await page.keyboard.type('settings.changed');
    await page.keyboard.press('Enter');
    await press(page, button(/^More of settings\.changed/).first());
    await dialog.getByText('RETRY_TIMES').first().waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(unexpected(window)).toEqual([]);
  });
}
