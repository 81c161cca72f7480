import type { Scene } from '../page.test.ts';
import { expectedRefusal, unexpected } from '../support/browser.ts';
import { enter, signInLink } from '../support/seed.ts';

const PASSWORD = 'seven green bicycles';

/** What goes wrong and comes back. */
export function fault(scene: Scene): void {
  it('keeps what was typed when the session ends, and goes on after signing in again', async () => {
    const { service, chromium } = scene;
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service);
    await page.goto(`${service.url}/account`);
    await page.getByLabel('New password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Change password').waitFor();
    await page.goto(`${service.url}/p/${service.team.project}/jobs`);
    await page.getByRole('button', { name: 'Run a spider' }).click();
    await page.getByLabel('Tags', { exact: true }).fill('kept');
    await service.db.database('sessions').delete();
    const dialog = page.getByRole('dialog', { name: 'You are signed out' });
    await dialog.getByLabel('Password').fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await page.getByLabel('Tags', { exact: true }).inputValue()).toBe('kept');
    expect(unexpected(window, expectedRefusal(401))).toEqual([]);
  });

  it('sends strangers to sign in, and from there to where they wanted', async () => {
    const { service, chromium } = scene;
    const window = await chromium.open();
    const { page } = window;
    await page.goto(`${service.url}/p/${service.team.project}/1/1?tab=log`);
    await page.getByLabel('Name').fill('acme-user');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('log').waitFor();
    expect(page.url()).toContain('/1/1?tab=log');
    const used = await signInLink(service);
    await page.goto(used);
    await page.getByRole('heading', { name: 'Projects' }).waitFor();
    await page.goto(used.replace('#', '?again#'));
    await page.getByRole('alert').waitFor();
    expect(page.url()).not.toContain('token');
    expect(unexpected(window, expectedRefusal(401), expectedRefusal(400), expectedRefusal(404))).toEqual([]);
  });
}
