import { eventually } from '@spiderhub/testkit';
import type { OperateScene } from '../operate.test.ts';
import { unexpected } from '../support/browser.ts';
import { crawl, enter, untilFinished } from '../support/seed.ts';

/** What follows when jobs end. */
export function chain(scene: OperateScene): void {
  it('runs another job when one has ended, and shows the chain on both', async () => {
    const { service, chromium } = scene;
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service, '/rules');
    await page.getByText(`${service.url}/console/projects/`).waitFor();
    await page.getByRole('button', { name: 'New rule' }).click();
    const dialog = page.getByRole('dialog', { name: 'New rule' });
    await dialog.getByLabel('Name', { exact: true }).fill('Look at it again');
    await dialog.getByLabel('Of these spiders').fill('books');
    await dialog.getByLabel('With one of these tags').fill('chained');
    await dialog.getByLabel('As one of these', { exact: true }).fill('finished');
    await dialog.getByLabel('Spider', { exact: true }).fill('nobody');
    await dialog.getByRole('button', { name: 'Add argument' }).click();
    await dialog.getByLabel('Name of argument 1').fill('category');
    await dialog.getByLabel('Value of argument 1').fill('{{job.args.next}}');
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await dialog.getByText('spider: nobody not found').waitFor();
    await dialog.getByLabel('Spider', { exact: true }).fill('books');
    await dialog
      .getByText(
        'When a job of books with tag chained ends as finished, run books with category={{job.args.next}}.',
      )
      .waitFor();
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await page.getByRole('heading', { name: 'Look at it again' }).waitFor();

    const first = await crawl(service, 'books', { add_tag: 'chained', next: 'poetry', category: 'travel' });
    await untilFinished(service, [first]);
    const did = page.getByRole('region', { name: 'What it did' });
    await did.getByText('ran a job').waitFor();
    const [source, made] = await did.getByRole('row').nth(1).getByRole('link').allTextContents();
    expect(first.endsWith(`/${source}`)).toBe(true);

    await did.getByRole('link', { name: source ?? '', exact: true }).click();
    const parts = page.getByRole('navigation', { name: 'Parts of the job' });
    await parts.getByRole('link', { name: 'Overview' }).click();
    const shown = page.getByRole('region', { name: 'Chain' });
    await shown.getByText('Triggered', { exact: true }).waitFor();
    await shown.getByRole('link', { name: 'Look at it again' }).waitFor();
    await shown.getByRole('link', { name: made ?? '', exact: true }).click();
    await page.getByRole('heading', { name: `books ${made}` }).waitFor();
    await page.goto(`${page.url().split('?')[0]}?tab=overview`);
    await shown.getByText('Triggered by').waitFor();
    await shown.getByRole('link', { name: source ?? '', exact: true }).waitFor();
    await page.getByText('poetry').first().waitFor();
    expect(unexpected(window, /status of 400/)).toEqual([]);
  });

  it('tells a webhook, and is changed, disabled and deleted', async () => {
    const { service, chromium, receiver } = scene;
    receiver.behave((_received, response) => response.writeHead(204).end());
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service, '/rules');
    await page.getByRole('button', { name: 'New rule' }).click();
    const dialog = page.getByRole('dialog', { name: 'New rule' });
    await dialog.getByLabel('Name', { exact: true }).fill('Tell of failures');
    await dialog.getByLabel('But not as one of these').fill('finished');
    await dialog.getByRole('button', { name: 'tell a webhook' }).click();
    await dialog.getByLabel('Webhook', { exact: true }).selectOption({ label: receiver.url });
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await page.getByRole('heading', { name: 'Tell of failures' }).waitFor();
    await untilFinished(service, [await crawl(service, 'broken', { how: 'init' })]);
    await page.getByText('told', { exact: true }).waitFor();
    await eventually(async () => {
      const alerts = receiver.received.filter(({ body }) => body.includes('"type":"alert"'));
      expect(alerts.at(-1)?.body).toContain('Tell of failures');
    });

    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Tell of all failures');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Tell of all failures' }).waitFor();
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByText('disabled', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByRole('heading', { name: 'Rules' }).waitFor();
    await page.getByRole('link', { name: 'Tell of all failures' }).waitFor({ state: 'detached' });
    expect(unexpected(window)).toEqual([]);
  });

  it('watches for the lack of runs, and tells people as far as there is mail', async () => {
    const { service, chromium, receiver } = scene;
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service, '/rules');
    await page.getByRole('button', { name: 'New rule' }).click();
    const dialog = page.getByRole('dialog', { name: 'New rule' });
    await dialog.getByLabel('Name', { exact: true }).fill('Too quiet');
    await dialog.getByRole('button', { name: 'nothing runs' }).click();
    expect(await dialog.getByRole('button', { name: 'run another job' }).isDisabled()).toBe(true);
    await dialog.getByLabel('For so many hours').fill('3');
    await dialog.getByLabel('Of these spiders').fill('books');
    await dialog.getByLabel('Of these spiders').press('Enter');
    await dialog.getByLabel('Webhook', { exact: true }).selectOption({ label: receiver.url });
    await dialog
      .getByText(`When no run of books has ended for 3 hours, send an alert to ${receiver.url}.`)
      .waitFor();
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await page.getByRole('heading', { name: 'Too quiet' }).waitFor();
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await page.getByRole('button', { name: 'mail people' }).click();
    await page.getByText('This service sends no mail').waitFor();
    await page.getByLabel('For so many hours').fill('4');
    await page.getByRole('button', { name: 'tell a webhook' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('has ended for 4 hours').waitFor();
    expect(unexpected(window)).toEqual([]);
  });
}
