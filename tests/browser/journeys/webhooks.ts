import { EVENT_TYPES } from '@spiderhub/core';
import { eventually } from '@spiderhub/testkit';
import { Webhook as Verifier } from 'standardwebhooks';
import type { OperateScene } from '../operate.test.ts';
import { unexpected } from '../support/browser.ts';
import { crawl, enter, untilFinished } from '../support/seed.ts';

/** Somebody else's server is told what happens, fails, and is told again. */
export function webhooks(scene: OperateScene): void {
  it('shows a message that failed, sends it again, and the receiver verifies it', async () => {
    const { service, chromium, receiver } = scene;
    const window = await chromium.open();
    const { page } = window;
    receiver.behave((_received, response) => response.writeHead(500).end('<b>the disk is full</b>'));
    await enter(page, service, '/webhooks');
    await page.getByText(`${service.url}/console/projects/`).waitFor();
    await page.getByRole('button', { name: 'New webhook' }).click();
    const dialog = page.getByRole('dialog', { name: 'New webhook' });
    const offered = await dialog.getByRole('checkbox').count();
    expect(offered).toBe(EVENT_TYPES.length);
    await dialog.getByLabel('Address').fill('ftp://example.org');
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await dialog.getByText('url: expected http').waitFor();
    await dialog.getByLabel('Address').fill(receiver.url);
    await dialog.getByLabel('Only of these spiders').fill('books');
    await dialog.getByRole('button', { name: 'Make it' }).click();
    const secret = await page
      .getByRole('dialog', { name: 'The secret, this one time' })
      .locator('pre')
      .first()
      .textContent();
    expect(secret).toMatch(/^whsec_/);
    await page.getByRole('button', { name: 'I have it' }).click();
    await page.getByRole('heading', { name: receiver.url }).waitFor();
    expect(await page.content()).not.toContain(secret);

    await untilFinished(service, [await crawl(service, 'books', { told: 'yes' })]);
    const messages = page.getByRole('region', { name: 'Messages' });
    const row = messages.getByRole('row').filter({ hasText: 'job.finished' });
    await row.getByText('waiting').waitFor();
    await row.getByText('500', { exact: true }).waitFor();
    await page.getByText(/failing since/).waitFor();
    await row.getByRole('button', { name: 'job.finished' }).click();
    const opened = page.getByRole('dialog', { name: 'job.finished' });
    await opened.getByText('<b>the disk is full</b>').waitFor();

    receiver.behave((_received, response) => response.writeHead(204).end());
    await opened.getByRole('button', { name: 'Send again' }).click();
    await opened.getByText('delivered').waitFor();
    const id = await opened.locator('dd.mono').first().textContent();
    const got = receiver.received.filter(({ headers }) => headers['webhook-id'] === id);
    expect(got.length).toBeGreaterThanOrEqual(2);
    const last = got.at(-1);
    const event = new Verifier(secret ?? '').verify(last?.body ?? '', last?.headers ?? {});
    expect(event).toMatchObject({ type: 'job.finished', data: { spider: 'books', state: 'finished' } });
    await page.keyboard.press('Escape');
    await page.getByText('in use', { exact: true }).waitFor();

    await page.getByRole('button', { name: 'Send a test' }).click();
    await eventually(async () =>
      expect(receiver.received.map(({ body }) => body)).toContainEqual(
        expect.stringContaining('webhook.test'),
      ),
    );
    await page.getByRole('button', { name: 'waiting' }).click();
    await page.getByText('None is waiting.').waitFor();
    expect(unexpected(window, /status of 400/)).toEqual([]);
  });

  it('says why nothing is sent any more, and enables it again', async () => {
    const { service, chromium, receiver } = scene;
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service, '/webhooks');
    await page.getByRole('link', { name: receiver.url }).click();
    receiver.behave((_received, response) => response.writeHead(410).end());
    await page.getByRole('button', { name: 'Send a test' }).click();
    const note = page.getByRole('status').filter({ hasText: 'Nothing is sent since' });
    await note.getByText('410').waitFor();
    receiver.behave((_received, response) => response.writeHead(204).end());
    await note.getByRole('button', { name: 'Enable' }).click();
    await note.waitFor({ state: 'detached' });
    await page.getByText('in use', { exact: true }).waitFor();
    const old = receiver.received.length;
    await page.getByRole('button', { name: 'Send failed ones again' }).click();
    await page.getByRole('menuitem', { name: 'of the last hour' }).click();
    await page.getByText('1 message is sent again, with the same id').waitFor();
    await eventually(async () => expect(receiver.received.length).toBe(old + 1));

    await page.getByRole('button', { name: 'New secret' }).click();
    await page.getByRole('button', { name: 'Make another' }).click();
    await page.getByText(/^whsec_/).waitFor();
    await page.getByRole('button', { name: 'I have it' }).click();
    expect(unexpected(window)).toEqual([]);
  });
}
