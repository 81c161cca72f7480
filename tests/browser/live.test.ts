import type { Page } from 'playwright-core';
import type { Service } from '../support/service.ts';
import { Chromium, describeInBrowser, expectedRefusal, NOT_REACHED, unexpected } from './support/browser.ts';
import { crawl, enter, setPassword, startDemo, untilFinished } from './support/seed.ts';

/** The page follows what happens: without being loaded again, without asking again and again, whatever breaks meanwhile. */

const PASSWORD = 'seven green bicycles';
/** A busy machine takes its time. */
const SLOWEST_MS = 120_000;
/** A line for each answer and each item. */
const DEBUG = JSON.stringify({ LOG_LEVEL: 'DEBUG' });
const short = (key: string) => key.split('/').slice(1).join('/');

describeInBrowser('the page while things happen', () => {
  const chromium = new Chromium();
  let service: Service;

  beforeAll(async () => {
    [service] = await Promise.all([startDemo(), chromium.start()]);
    await setPassword(service, PASSWORD);
  }, SLOWEST_MS);
  afterAll(async () => {
    await chromium.stop();
    await service?.stop();
  });
  afterEach(() => chromium.closeAll(expect.getState().currentTestName ?? 'live'), SLOWEST_MS);

  const live = (page: Page) => page.getByRole('status').getByText('live', { exact: true }).waitFor();
  const rowOf = (page: Page, key: string) =>
    page.getByRole('row').filter({ has: page.getByRole('link', { name: short(key), exact: true }) });

  /** Addresses below /console that a page asks from now on; streams are no questions. */
  function asked(page: Page): string[] {
    const paths: string[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (request.resourceType() !== 'eventsource') paths.push(pathname);
    });
    return paths;
  }

  it(
    'shows in two tabs how a job comes, runs and ends, and asks nothing while nothing happens',
    async () => {
      await untilFinished(service, [await crawl(service, 'books', { category: 'travel' })]);
      const windows = [await chromium.open(), await chromium.open()];
      for (const { page } of windows) {
        await enter(page, service, '/jobs');
        await page.getByRole('row').nth(1).waitFor();
        await live(page);
      }
      const loads: string[] = [];
      for (const { page } of windows) page.on('framenavigated', (frame) => loads.push(frame.url()));
      const key = await crawl(service, 'books', { category: 'poetry', add_tag: 'seen' });
      for (const { page } of windows) {
        await rowOf(page, key).waitFor();
        await rowOf(page, key).getByText('finished', { exact: true }).waitFor({ timeout: SLOWEST_MS });
      }
      const answer = await service.call(`/api/jobs/list.json?project=${service.team.project}&job=${key}`);
      const { jobs } = (await answer.json()) as { jobs: { items_scraped: number }[] };
      for (const { page } of windows) {
        await rowOf(page, key)
          .getByRole('cell', { name: String(jobs[0]?.items_scraped), exact: true })
          .first()
          .waitFor();
      }
      // What a consumer does with it is shown, too.
      await service.call('/api/jobs/update.json', {
        project: String(service.team.project),
        job: key,
        add_tag: 'consumed',
      });
      for (const { page } of windows) await rowOf(page, key).getByText('consumed', { exact: true }).waitFor();
      // What follows an end is over some seconds later; then there is nothing to ask.
      await new Promise((resolve) => setTimeout(resolve, 7000));
      const questions = windows.map(({ page }) => asked(page));
      await new Promise((resolve) => setTimeout(resolve, 8000));
      expect(questions).toEqual([[], []]);
      expect(loads).toEqual([]);
      for (const window of windows) expect(unexpected(window)).toEqual([]);
    },
    SLOWEST_MS,
  );

  /** Every line that the log shows, from the first to the last: number and text. */
  async function linesOf(page: Page): Promise<string[]> {
    const log = page.getByRole('log');
    await log.focus();
    await page.keyboard.press('Home');
    const seen = new Map<number, string>();
    for (;;) {
      const rows = await log
        .locator('.window-row')
        .evaluateAll((all) =>
          all.map((row) => [
            row.querySelector('.log-number')?.textContent,
            row.querySelector('.log-text')?.textContent,
          ]),
        );
      for (const [n, text] of rows) if (text != null) seen.set(Number(n), text);
      const at = await log.evaluate((box) => {
        const before = box.scrollTop;
        box.scrollTop += box.clientHeight - 60;
        return box.scrollTop - before;
      });
      if (at <= 0) break;
      await page.waitForTimeout(150);
    }
    const numbers = [...seen.keys()].sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, n) => n));
    return numbers.map((n) => seen.get(n) ?? '');
  }

  /** First lines of what the service has of a log. */
  async function storedLines(key: string): Promise<string[]> {
    const answer = await service.call(`/storage/logs/${key}?format=json`);
    const records = (await answer.json()) as { message: string }[];
    return records.map(({ message }) => message.split('\n')[0] ?? '');
  }

  it(
    'follows a log to its end, each line once',
    async () => {
      const key = await crawl(service, 'slow', { delay: '0.1', n: 'log', job_settings: DEBUG });
      const window = await chromium.open();
      const { page } = window;
      await enter(page, service, `/${short(key)}?tab=log`);
      await page.getByRole('log').getByText('Scraped from').first().waitFor({ timeout: SLOWEST_MS });
      await live(page);
      const questions = asked(page);
      await page.waitForTimeout(3000);
      await service.call('/api/jobs/stop.json', { project: String(service.team.project), job: key });
      await page.getByRole('log').getByText('Spider closed').waitFor({ timeout: SLOWEST_MS });
      await page.getByText('cancelled', { exact: true }).first().waitFor();
      expect(await linesOf(page)).toEqual(await storedLines(key));
      expect(new Set(questions.filter((path) => path.endsWith('/stream')))).toEqual(new Set());
      expect(unexpected(window)).toEqual([]);
    },
    SLOWEST_MS,
  );

  it(
    'goes on where it was after the service was killed and started again, and loses no line',
    async () => {
      const key = await crawl(service, 'slow', { delay: '0.1', n: 'killed', job_settings: DEBUG });
      const window = await chromium.open();
      const { page } = window;
      await enter(page, service, `/${short(key)}?tab=log`);
      await page.getByRole('log').getByText('Scraped from').first().waitFor({ timeout: SLOWEST_MS });
      await live(page);
      await service.api.kill();
      await page
        .getByRole('status')
        .getByText(/^(reconnecting|not connected)/)
        .first()
        .waitFor();
      // The demo's site went with the service: the crawl writes its last lines to nobody.
      await page.waitForTimeout(3000);
      await service.startApiAgain();
      await page.getByRole('status').getByText('live', { exact: true }).waitFor({ timeout: SLOWEST_MS });
      await page.getByRole('log').getByText('Spider closed').waitFor({ timeout: SLOWEST_MS });
      await page.getByText('finished', { exact: true }).first().waitFor();
      expect(await linesOf(page)).toEqual(await storedLines(key));
      // What happens from now on is told, too.
      await page.goto(`${service.url}/p/${service.team.project}/jobs`);
      await rowOf(page, key).waitFor();
      const next = await crawl(service, 'books', { category: 'history' });
      await rowOf(page, next).getByText('finished', { exact: true }).waitFor({ timeout: SLOWEST_MS });
      expect(unexpected(window, NOT_REACHED)).toEqual([]);
    },
    2 * SLOWEST_MS,
  );

  it(
    'asks who is signed out by somebody else to sign in, without a click, and goes on at the same place',
    async () => {
      const window = await chromium.open();
      const { page } = window;
      await enter(page, service, '/jobs?q=spider%3Abooks');
      await page.getByRole('row').nth(1).waitFor();
      await live(page);
      await service.db.database('sessions').delete();
      const dialog = page.getByRole('dialog', { name: 'You are signed out' });
      await dialog.getByLabel('Password').fill(PASSWORD);
      await dialog.getByRole('button', { name: 'Sign in' }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(page.url()).toContain('/jobs?q=spider');
      await live(page);
      const key = await crawl(service, 'books', { category: 'science' });
      await rowOf(page, key).waitFor({ timeout: SLOWEST_MS });
      expect(unexpected(window, expectedRefusal(401))).toEqual([]);
    },
    SLOWEST_MS,
  );
});
