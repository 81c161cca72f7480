import type { Scene } from '../page.test.ts';
import { expectedRefusal, unexpected } from '../support/browser.ts';
import { crawl, enter, plantJob, untilFinished } from '../support/seed.ts';

const LINES = 100_000;
const MOST_ROWS = 100;

/** What people look for in what was crawled: jobs, lines of a log, values. */
export function reading(scene: Scene): void {
  it('filters jobs, keeps the filter in the address, and shows the numbers of the API', async () => {
    const { service, chromium } = scene;
    const key = await crawl(service, 'books', { add_tag: 'wanted', category: 'travel' });
    await untilFinished(service, [key]);
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service, '/jobs');
    await page.getByRole('textbox', { name: 'Filter jobs' }).fill('tag:wanted');
    await page.waitForURL(/q=tag/);
    await page.reload();
    const row = page.getByRole('row').nth(1);
    await row.getByText('wanted').waitFor();
    const answer = await service.call(`/api/jobs/list.json?project=${service.team.project}&job=${key}`);
    const { jobs } = (await answer.json()) as { jobs: { items_scraped: number }[] };
    expect(await row.getByRole('cell').nth(4).textContent()).toBe(String(jobs[0]?.items_scraped));
    expect(await page.getByRole('row').count()).toBe(2);
    await page.getByRole('textbox', { name: 'Filter jobs' }).fill('spidr:books');
    await page.getByRole('alert').getByText('spider').waitFor();
    expect(unexpected(window, expectedRefusal(400))).toEqual([]);
  });

  it('makes one job of a double click', async () => {
    const { service, chromium } = scene;
    const { page } = await chromium.open();
    await enter(page, service, '/jobs');
    await page.getByRole('button', { name: 'Run a spider' }).click();
    await page.getByLabel('Spider', { exact: true }).fill('books');
    await page.getByLabel('Tags', { exact: true }).fill('twice');
    await page.getByRole('button', { name: 'Run', exact: true }).dblclick();
    await page.getByRole('heading', { name: /^books / }).waitFor();
    const answer = await service.call(`/api/jobs/count.json?project=${service.team.project}&has_tag=twice`);
    expect(await answer.json()).toMatchObject({ total: 1 });
  });

  it('opens a log of 100,000 lines at a line, finds in it, and never holds many', async () => {
    const { service, chromium } = scene;
    const logs = Array.from({ length: LINES }, (_, n) =>
      JSON.stringify({ time: 1_764_478_800_000 + n, level: n === 77_777 ? 40 : 20, message: `line ${n}` }),
    );
    const key = await plantJob(service, 'books', { logs });
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service, `/${key.split('/').slice(1).join('/')}?tab=log&line=50000`);
    const log = page.getByRole('log');
    await log.getByText('line 50000', { exact: true }).waitFor();
    expect(await log.locator('.window-row').count()).toBeLessThanOrEqual(MOST_ROWS);
    await page.getByRole('button', { name: 'First error' }).click();
    await log.getByText('line 77777', { exact: true }).waitFor();
    await log.focus();
    await page.keyboard.press('End');
    await log.getByText(`line ${LINES - 1}`, { exact: true }).waitFor();
    await page.getByRole('searchbox', { name: 'Search the log' }).fill('line 9999');
    await page.getByText('11', { exact: true }).waitFor();
    await log.getByText('99999').first().waitFor();
    expect(await log.locator('.window-row').count()).toBeLessThanOrEqual(MOST_ROWS);
    expect(unexpected(window)).toEqual([]);
  });

  it('shows values to the letter, and texts of crawls as text', async () => {
    const { service, chromium } = scene;
    const hostile = '<img src=x onerror=alert(1)>"><script>alert(2)</script>\u202e';
    const item = `{"id": 1152921504606846976, "price": NaN, "text": ${JSON.stringify(hostile)}}`;
    const logs = [JSON.stringify({ time: 1_764_478_800_000, level: 40, message: `${hostile}\nsecond` })];
    const key = await plantJob(
      service,
      'books',
      { items: [item], logs },
      { add_tag: hostile, text: hostile },
    );
    const window = await chromium.open();
    const { page } = window;
    const [, spider, job] = key.split('/');
    await enter(page, service, `/${spider}/${job}?tab=items`);
    await page.getByText('1152921504606846976').waitFor();
    await page.getByText('NaN').waitFor();
    await page.getByText(hostile).first().waitFor();
    for (const path of [
      `/${spider}/${job}?tab=items&item=0`,
      `/${spider}/${job}?tab=log`,
      `/${spider}/${job}?tab=overview`,
      `/${spider}/${job}?tab=settings`,
      '/jobs',
      `/spiders/${spider}`,
    ]) {
      await page.goto(`${service.url}/p/${service.team.project}${path}`);
      await page.getByText('onerror').first().waitFor();
    }
    await page.goto(`${service.url}/p/${service.team.project}/${encodeURIComponent(hostile)}/1`);
    await page.getByText('There is no such spider').waitFor();
    expect(await page.locator('img[src="x"], main script').count()).toBe(0);
    expect(unexpected(window)).toEqual([]);
  });
}
