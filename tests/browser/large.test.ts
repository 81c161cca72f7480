import type { Page } from 'playwright-core';
import type { Service } from '../support/service.ts';
import { Chromium, describeInBrowser, unexpected } from './support/browser.ts';
import { enter, plantJob, startDemo } from './support/seed.ts';

/** What is large stays light: few rows in the document, little memory, and a page that never stands still. */

const MOST_ROWS = 100;
const MOST_HEAP = 60 * 1000 * 1000;
const LINES = 100_000;
const MANY_LINES = 1_000_000;
const FEW_LINES = 200;
const JOBS = 600;
/** How much slower a long log may scroll than a short one in the same window: other programs run, too. */
const SLOWER = 3;
const SLOWEST_MS = 240_000;

const lines = (count: number, error: number) =>
  Array.from({ length: count }, (_, n) =>
    JSON.stringify({
      time: 1_764_478_800_000 + n,
      level: n === error ? 40 : 20,
      message: `line ${n} of a log`,
    }),
  );
const path = (key: string) => `/${key.split('/').slice(1).join('/')}?tab=log`;

/** Runs in the page. */
const SCROLL = `(box) => new Promise((resolve) => {
  const frames = [];
  const from = performance.now();
  let before = from;
  let step = box.clientHeight * 0.7;
  function next(now) {
    frames.push(now - before);
    before = now;
    if (box.scrollTop + box.clientHeight >= box.scrollHeight - 2 || box.scrollTop <= 0) step = -step;
    box.scrollTop += step;
    if (now - from < 3000) return requestAnimationFrame(next);
    frames.sort((a, b) => a - b);
    resolve({ usual: frames[Math.floor(frames.length * 0.95)], slowest: frames.at(-1) });
  }
  box.scrollTop = box.scrollHeight / 2;
  requestAnimationFrame(next);
})`;

describeInBrowser('what is large', () => {
  const chromium = new Chromium();
  let service: Service;

  beforeAll(async () => {
    [service] = await Promise.all([startDemo(), chromium.start()]);
  }, SLOWEST_MS);
  afterAll(async () => {
    await chromium.stop();
    await service?.stop();
  });
  afterEach(() => chromium.closeAll(expect.getState().currentTestName ?? 'large'));

  const log = (page: Page) => page.getByRole('log');
  const rows = (page: Page) => page.locator('.window-row, .table tbody tr').count();

  /** Bytes of the page's objects that are in use. */
  async function heapOf(page: Page): Promise<number> {
    const session = await page.context().newCDPSession(page);
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    await session.detach();
    return usedSize;
  }

  /** Scrolls a log for some seconds; how long frames took meanwhile, ms: 95 of 100 were faster, and the slowest. */
  const scroll = (page: Page) =>
    page.evaluate<{ usual: number; slowest: number }>(`(${SCROLL})(document.querySelector('[role=log]'))`);

  it(
    'a log of 100,000 lines takes at most 60 MB, however far one scrolls',
    async () => {
      const key = await plantJob(service, 'books', { logs: lines(LINES, -1) });
      const window = await chromium.open();
      const { page } = window;
      await enter(page, service, path(key));
      await log(page).getByText('line 0 of a log').waitFor();
      expect(await heapOf(page)).toBeLessThan(MOST_HEAP);
      for (let at = 0; at <= 100; at += 1) {
        await log(page).evaluate((box, share) => {
          box.scrollTop = (box.scrollHeight * share) / 100;
        }, at);
        await page.waitForTimeout(60);
        expect(await rows(page)).toBeLessThanOrEqual(MOST_ROWS);
      }
      await log(page)
        .getByText(`line ${LINES - 1} of a log`)
        .waitFor();
      const heap = await heapOf(page);
      process.stderr.write(
        `heap with a log of ${LINES} lines, scrolled through: ${(heap / 1e6).toFixed(1)} MB\n`,
      );
      expect(heap).toBeLessThan(MOST_HEAP);
      expect(unexpected(window)).toEqual([]);
    },
    SLOWEST_MS,
  );

  it(
    'a log of a million lines opens at its end, finds its first error and scrolls as a short one does',
    async () => {
      const long = await plantJob(service, 'books', { logs: lines(MANY_LINES, 777_777) }, {}, 'failed');
      const short = await plantJob(service, 'books', { logs: lines(FEW_LINES, 77) }, {}, 'failed');
      const window = await chromium.open();
      const { page } = window;
      // It failed: the page opens it on its log by itself, at the end, since its first error is far.
      await enter(page, service, path(long).replace('?tab=log', ''));
      await log(page)
        .getByText(`line ${MANY_LINES - 1} of a log`)
        .waitFor();
      expect(await rows(page)).toBeLessThanOrEqual(MOST_ROWS);
      await page.getByRole('button', { name: 'First error' }).click();
      await log(page).getByText('line 777777 of a log').waitFor();
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 3 && best > SLOWER; round += 1) {
        await page.goto(`${service.url}/p/${service.team.project}${path(short)}`);
        // Its first error is near: it opens there.
        await log(page).getByText('line 77 of a log').waitFor();
        const few = await scroll(page);
        await page.goto(`${service.url}/p/${service.team.project}${path(long)}`);
        await log(page)
          .getByText(`line ${MANY_LINES - 1} of a log`)
          .waitFor();
        const many = await scroll(page);
        best = Math.min(best, Math.max(many.usual / few.usual, many.slowest / (3 * few.slowest)));
        process.stderr.write(
          `frames of a long log beside a short one: p95 ${many.usual.toFixed(0)} to ${few.usual.toFixed(0)} ms, slowest ${many.slowest.toFixed(0)} to ${few.slowest.toFixed(0)} ms\n`,
        );
      }
      expect(best).toBeLessThanOrEqual(SLOWER);
      expect(await rows(page)).toBeLessThanOrEqual(MOST_ROWS);
      expect(await heapOf(page)).toBeLessThan(MOST_HEAP);
      expect(unexpected(window)).toEqual([]);
    },
    SLOWEST_MS,
  );

  it(
    'a list of hundreds of jobs draws what is in sight',
    async () => {
      const { database } = service.db;
      const { project } = service.team;
      await database.raw(
        `insert into jobs (project_id, spider, number, state, attempt, priority, tags, state_since, running_at, finished_at, close_reason)
        select ?, 1, 100000 + n, 'finished', 1, 2, '{}', now() - n * interval '1 min', now() - n * interval '1 min',
          now() - n * interval '1 min', 'finished'
        from generate_series(1, ${JOBS}) n`,
        [project],
      );
      await database.raw(
        'insert into job_details (job_id) select id from jobs where project_id = ? and number > 100000',
        [project],
      );
      const window = await chromium.open();
      const { page } = window;
      await enter(page, service, '/jobs');
      const region = page.getByRole('region', { name: 'Jobs' });
      await page.getByRole('row').nth(1).waitFor();
      let most = 0;
      const count = async () => Number(await region.getByRole('table').getAttribute('aria-rowcount'));
      for (let i = 0; i < 60 || (await count()) <= 200; i += 1) {
        most = Math.max(most, await rows(page));
        await region.evaluate((box) => {
          box.scrollTop = box.scrollHeight;
        });
        await page.waitForTimeout(50);
      }
      expect(most).toBeLessThanOrEqual(MOST_ROWS);
      expect(unexpected(window)).toEqual([]);
    },
    SLOWEST_MS,
  );
});
