import type { Scene } from '../page.test.ts';
import { unexpected } from '../support/browser.ts';
import { crawl, enter, untilFinished } from '../support/seed.ts';

const SECRET = 'planted-5d20-secret';

/** Settings of a project, of a spider and of a job: set on the page, and found in what crawls bring home. */
export function layers(scene: Scene): void {
  it('sets settings of a spider, says which layer wins, and crawls get them so', async () => {
    const { service, chromium } = scene;
    const { project, key } = service.team;
    const send = (path: string, body: unknown) =>
      fetch(`${service.url}/console/projects/${project}${path}`, {
        method: 'PATCH',
        headers: { authorization: `Basic ${btoa(`${key}:`)}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const currencyOf = async (job: string): Promise<string> => {
      await untilFinished(service, [job]);
      const answer = await service.call(`/api/items.json?project=${project}&job=${job}&count=1`);
      return ((await answer.json()) as { currency: string }[])[0]?.currency ?? '';
    };
    expect((await send('/settings', { set: { DEMO_CURRENCY: 'EUR' } })).status).toBe(200);

    const window = await chromium.open();
    const { page } = window;
    await enter(page, service, '/spiders/books');
    const settings = page.getByRole('region', { name: 'Settings of the next run' });
    const currency = settings.getByRole('row').filter({ hasText: 'DEMO_CURRENCY' });
    await currency.getByText('EUR').waitFor();
    expect(await currency.getByRole('cell').nth(2).textContent()).toBe('project');
    expect(await currencyOf(await crawl(service, 'books', { category: 'travel', layer: '1' }))).toBe('EUR');

    await page.getByRole('button', { name: 'What can be done with DEMO_CURRENCY' }).click();
    await page.getByRole('menuitem', { name: 'Set for this spider' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Value').fill('USD');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await currency.getByText('not "EUR" of the project').waitFor();
    await page.getByRole('button', { name: 'Set a setting' }).click();
    await dialog.getByLabel('Name').fill('SHOP_PASSWORD');
    await dialog.getByLabel('Value').fill(SECRET);
    await dialog.getByLabel(/^Secret/).check();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await settings.getByText('secret').waitFor();
    await page.reload();
    await currency.getByText('USD').waitFor();
    expect(await page.content()).not.toContain(SECRET);

    expect(await currencyOf(await crawl(service, 'books', { category: 'travel', layer: '2' }))).toBe('USD');
    const own = { category: 'travel', layer: '3', job_settings: '{"DEMO_CURRENCY": "CHF"}' };
    expect(await currencyOf(await crawl(service, 'books', own))).toBe('CHF');

    for (const name of ['DEMO_CURRENCY', 'SHOP_PASSWORD']) {
      await page.getByRole('button', { name: `What can be done with ${name}` }).click();
      await page.getByRole('menuitem', { name: 'Remove' }).click();
    }
    await settings.getByText('secret').waitFor({ state: 'detached' });
    await currency.getByText('EUR').waitFor();
    await send('/settings', { remove: ['DEMO_CURRENCY'] });
    expect(unexpected(window)).toEqual([]);
  });
}
