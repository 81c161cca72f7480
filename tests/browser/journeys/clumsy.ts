import type { Scene } from '../page.test.ts';
import { expectedRefusal, unexpected } from '../support/browser.ts';
import { enter, signInLink } from '../support/seed.ts';

/** What Chromium says of a network that is off. */
const OFFLINE = /net::ERR_INTERNET_DISCONNECTED|dynamically imported module|did not come/;

/** Whoever pastes whole books, comes by old links, leaves a form until the session is over, or loses the network. */
export function clumsy(scene: Scene): void {
  it('takes wrong addresses and too long texts', async () => {
    const { service, chromium } = scene;
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service, '/1/1?tab=nosuch&attempt=x&line=-1');
    await page.getByRole('heading', { name: 'books 1/1' }).waitFor();
    await page.getByRole('navigation', { name: 'Parts of the job' }).locator('[aria-current]').waitFor();
    await page.getByRole('textbox', { name: 'Add a tag' }).focus();
    await page.keyboard.insertText('y'.repeat(400));
    await page.keyboard.press('Enter');
    const remove = page.getByRole('button', { name: `Remove tag ${'y'.repeat(255)}`, exact: true });
    await remove.click();
    await remove.waitFor({ state: 'detached' });
    const { project } = service.team;
    await page.goto(`${service.url}/p/${project}/jobs?q=${encodeURIComponent('"open')}`);
    expect(await page.getByRole('alert').textContent()).toBe('a quote is open');
    await page.goto(`${service.url}/p/${project}/periodic?show=nosuch`);
    await page.getByRole('heading', { name: 'Periodic jobs' }).waitFor();
    expect(unexpected(window, expectedRefusal(400))).toEqual([]);
  });

  it('says that the network is gone, and goes on when it is back', async () => {
    const { service, chromium } = scene;
    const window = await chromium.open();
    const { page, context } = window;
    await enter(page, service, '/jobs');
    await page.getByRole('row').nth(1).waitFor();
    await page.keyboard.press('r');
    const dialog = page.getByRole('dialog', { name: 'Run a spider' });
    await dialog.getByLabel('Spider', { exact: true }).fill('books');
    await dialog.getByRole('button', { name: 'Add argument' }).click();
    await dialog.getByLabel('Name of argument 1').fill('category');
    await dialog.getByLabel('Value of argument 1').fill('cooking');
    await context.setOffline(true);
    await page.getByText('not connected').waitFor();
    const run = dialog.getByRole('button', { name: 'Run', exact: true });
    await run.click();
    await dialog.getByText('The service does not answer').waitFor();
    expect(await dialog.getByLabel('Value of argument 1').inputValue()).toBe('cooking');
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Webhooks' }).click();
    await page.getByRole('heading', { name: 'This page could not be shown' }).waitFor();
    // The frame is there still, and what was loaded before.
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await page.getByRole('row').nth(1).waitFor();
    await context.setOffline(false);
    await page.getByRole('status').getByText('live', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Webhooks' }).click();
    await page.getByRole('heading', { name: 'Webhooks' }).waitFor();
    expect(unexpected(window, OFFLINE)).toEqual([]);
  });

  it('goes on with a form when its session ended and another tab signed in again', async () => {
    const { service, chromium } = scene;
    const window = await chromium.open();
    const { page, context } = window;
    await enter(page, service, '/settings/keys');
    await page.getByRole('button', { name: 'New key' }).click();
    const form = page.getByRole('dialog', { name: 'New key' });
    await form.getByLabel('Name', { exact: true }).fill('half a form');
    await context.clearCookies();
    await form.getByRole('button', { name: 'Make the key' }).click();
    const gone = page.getByRole('dialog', { name: 'You are signed out' });
    await gone.waitFor();
    const other = await context.newPage();
    await other.goto(await signInLink(service));
    await other.getByRole('heading', { name: 'Projects' }).waitFor();
    await other.close();
    await page.evaluate("window.dispatchEvent(new Event('focus'))");
    await gone.waitFor({ state: 'detached' });
    expect(await form.getByLabel('Name', { exact: true }).inputValue()).toBe('half a form');
    await form.getByRole('button', { name: 'Make the key' }).click();
    await page.getByText(/^curl -u sphub_/).waitFor();
    expect(unexpected(window, expectedRefusal(401))).toEqual([]);
  });
}
