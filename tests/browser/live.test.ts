import { eventually, freePort } from '@spiderhub/testkit';
import type { Locator, Page, Request } from 'playwright-core';
import type { Service } from '../support/service.ts';
import { Chromium, describeInBrowser, expectedRefusal, NOT_REACHED, unexpected } from './support/browser.ts';
import { drawn } from './support/frames.ts';
import { crawl, enter, setPassword, startDemo, untilFinished } from './support/seed.ts';

/** The page follows what happens: without being loaded again, without asking again and again, whatever breaks meanwhile. */

const PASSWORD = 'seven green bicycles';
/** A busy machine takes its time. */
const SLOWEST_MS = 180_000;
/** Screens that ask by themselves do so every five seconds at the least. */
const SILENT_MS = 8000;
/** A line for each answer and each item. */
const DEBUG = JSON.stringify({ LOG_LEVEL: 'DEBUG' });
const short = (key: string) => key.split('/').slice(1).join('/');

describeInBrowser('the page while things happen', () => {
  const chromium = new Chromium();
  let service: Service;

  beforeAll(async () => {
    [service] = await Promise.all([startDemo({ env: { PORT: String(await freePort()) } }), chromium.start()]);
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

  /** Resolves when no page has asked anything for a while: longer than any screen waits between two questions. */
  async function untilSilent(pages: readonly Page[]): Promise<void> {
    let last = performance.now();
    const note = (request: Request) => {
      if (request.resourceType() !== 'eventsource') last = performance.now();
    };
    for (const page of pages) page.on('request', note);
    const silence = () => expect(performance.now() - last).toBeGreaterThan(SILENT_MS);
    await eventually(silence, { timeoutMs: SLOWEST_MS / 2, everyMs: 200 });
  }

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
      const keys: string[] = [];
      for (let n = 0; n < 10; n++)
        keys.push(await crawl(service, 'books', { category: 'poetry', n: String(n), add_tag: 'seen' }));
      for (const { page } of windows) {
        for (const each of keys)
          await rowOf(page, each).getByText('finished', { exact: true }).waitFor({ timeout: SLOWEST_MS });
      }
      const [key = ''] = keys;
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
      await untilSilent(windows.map(({ page }) => page));
      expect(loads).toEqual([]);
      for (const window of windows) expect(unexpected(window)).toEqual([]);
    },
    SLOWEST_MS,
  );

  /** Lines of a log that are on the screen, when all of them have come: number and text. */
  async function shownLines(log: Locator): Promise<(readonly [number, string])[]> {
    return eventually(async () => {
      await drawn(log.page());
      const { lines, isWhole } = await log.evaluate((box) => {
        const rows = [...box.querySelectorAll('.window-row')];
        const edges = [box, box.querySelector('.window-content') ?? box].map((each) =>
          each.getBoundingClientRect(),
        );
        const top = Math.max(...edges.map((edge) => edge.top));
        const bottom = Math.min(...edges.map((edge) => edge.bottom));
        const textOf = (row: (typeof rows)[number], part: string) =>
          row?.querySelector(`.log-${part}`)?.textContent ?? null;
        return {
          lines: rows.map((row) => [Number(textOf(row, 'number')), textOf(row, 'text')] as const),
          isWhole:
            (rows.at(0)?.getBoundingClientRect().top ?? Infinity) < top + 1 &&
            (rows.at(-1)?.getBoundingClientRect().bottom ?? 0) > bottom - 1,
        };
      });
      expect(isWhole).toBe(true);
      return lines.map(([n, text]) => {
        if (text === null) throw new Error(`line ${n} has not come`);
        return [n, text] as const;
      });
    });
  }

  /** Every line that the log shows, from the first to the last. */
  async function linesOf(page: Page): Promise<string[]> {
    const log = page.getByRole('log');
    await log.focus();
    await page.keyboard.press('Home');
    await eventually(async () => expect(await log.evaluate((box) => box.scrollTop)).toBe(0));
    const seen = new Map<number, string>();
    for (;;) {
      for (const [n, text] of await shownLines(log)) seen.set(n, text);
      const at = await log.evaluate((box) => {
        const before = box.scrollTop;
        box.scrollTop += box.clientHeight - 60;
        return box.scrollTop - before;
      });
      if (at <= 0) break;
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
      const started = (await storedLines(key)).length;
      await eventually(async () => expect((await storedLines(key)).length).toBeGreaterThan(started + 40), {
        timeoutMs: SLOWEST_MS,
        everyMs: 500,
      });
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
      await eventually(
        async () => {
          const [project, spider, number] = key.split('/').map(Number);
          const row = await service.db
            .database('jobs')
            .where({ project_id: project, spider, number })
            .first('state');
          expect(row?.state).toBe('finished');
        },
        { timeoutMs: SLOWEST_MS, everyMs: 500 },
      );
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
