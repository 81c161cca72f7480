import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { buildSecondEgg } from '../../support/demo-egg.ts';
import type { Scene } from '../page.test.ts';
import { unexpected } from '../support/browser.ts';
import { signInLink } from '../support/seed.ts';

/** From the printed link to going back a version, without reading anything else. */
export function newcomer(scene: Scene): void {
  it('leads somebody who is new from the link to items, charts, a comparison and another version', async () => {
    const { service, chromium } = scene;
    const window = await chromium.open();
    const { page } = window;
    await page.goto(await signInLink(service));
    await page.getByRole('link', { name: 'acme-project' }).click();

    await page.getByRole('button', { name: 'Run books' }).click();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('heading', { name: 'books 1/1' }).waitFor();
    const parts = page.getByRole('navigation', { name: 'Parts of the job' });
    await parts.getByRole('link', { name: /^Log/ }).click();
    await page.getByText('Spider closed (finished)').waitFor();
    await page.getByText('finished', { exact: true }).first().waitFor();

    await parts.getByRole('link', { name: /^Items/ }).click();
    await page.getByText('200 items').waitFor();
    await page.getByRole('button', { name: 'Open item 0' }).click();
    await page.getByRole('dialog').getByText('currency', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await parts.getByRole('link', { name: 'Charts' }).click();
    await page.getByRole('img', { name: /^Items a minute/ }).waitFor();
    await page.getByRole('textbox', { name: 'Add a tag' }).fill('daily');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Remove tag daily' }).waitFor();

    await page.getByRole('button', { name: 'Run again' }).click();
    await page.getByRole('button', { name: 'Add argument' }).click();
    await page.getByLabel('Name of argument 1').fill('category');
    await page.getByLabel('Value of argument 1').fill('travel');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('heading', { name: 'books 1/2' }).waitFor();
    await parts.getByRole('link', { name: 'Overview' }).click();
    await page.getByText(/^It finished/).waitFor();

    await page.getByRole('button', { name: 'Compare with last good' }).click();
    const started = page.getByRole('region', { name: 'What they were started with' });
    await started.getByText('travel').waitFor();
    expect((await started.getByRole('row').allTextContents()).slice(1)).toEqual([
      'argumentcategorynot theretravel',
    ]);

    await page.goto(`${service.url}/p/${service.team.project}/1/1?tab=items`);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download items' }).click();
    await page.getByRole('menuitem', { name: 'JSON lines' }).click();
    const lines = (await readFile(await (await download).path(), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(200);

    const screens = page.getByRole('navigation', { name: 'Project' });
    await screens.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('link', { name: 'Make a key' }).click();
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name', { exact: true }).fill('my first');
    await page.getByRole('button', { name: 'Make the key' }).click();
    const command = await page
      .getByRole('dialog')
      .getByText(/^curl -u sphub_/)
      .textContent();
    const { stdout } = await promisify(execFile)('sh', ['-c', `${command} -s`]);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'ok',
      jobs: [{ id: expect.stringMatching(/1\/2$/) }, { id: expect.stringMatching(/1\/1$/), tags: ['daily'] }],
    });
    await page.keyboard.press('Escape');

    await screens.getByRole('link', { name: 'Code' }).click();
    await page.getByText('in use').waitFor();
    await page.setInputFiles('input[type=file]', {
      name: 'demo.egg',
      mimeType: 'application/zip',
      buffer: await buildSecondEgg(),
    });
    await page.getByRole('textbox', { name: 'Version' }).fill('2.0');
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    await page.getByText(/^Deployed/).waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    const inUse = page.getByRole('row').filter({ hasText: 'in use' });
    await inUse.filter({ hasText: '2.0' }).waitFor();
    await page.getByRole('button', { name: 'Use this' }).click();
    await page.getByText('Spiders that vanish').waitFor();
    await page.getByRole('dialog').getByText('news', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Use it' }).click();
    await inUse.filter({ hasText: '1.0' }).waitFor();
    expect(unexpected(window)).toEqual([]);
  });
}
