import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CrawlRunner, RunningCrawl, Version } from '@spiderhub/core';
import { monotonicMs } from '@spiderhub/platform';
import {
  crawlRequest,
  DEMO_PROJECT,
  isRunning,
  type Listener,
  listen,
  PROBE_PROJECT,
  pidsOf,
} from './contract-support.ts';

export interface RunnerUnderTest {
  /** The runner of a worker; each call gives that of another worker process on the same machine. */
  worker(options?: { maxSpoolBytes?: number }): CrawlRunner;
  /** Makes a project ready to run. */
  deploy(projectDir: string, settingsModule: string): Promise<Version>;
  /** A requirements.txt with a package `tinydep` that the base does not have. */
  requirements(): Promise<string>;
  /** What an attempt has on disk that was not stored yet, bytes. */
  spooledBytes(attempt: { id: number; attempt: number }): number;
  /** Throws when an attempt has left anything behind. */
  close(): Promise<void>;
}

/** What every way of running a crawl has to guarantee. Each test runs real Scrapy. */
export function describeRunner(make: () => Promise<RunnerUnderTest>): void {
  describe('runner contract', () => {
    let house: RunnerUnderTest;
    let worker: CrawlRunner;
    let probe: Version;
    const open: RunningCrawl[] = [];
    const listeners: Listener[] = [];

    function hear(crawl: RunningCrawl): Listener {
      const listener = listen(crawl);
      listeners.push(listener);
      return listener;
    }

    async function start(request: Parameters<CrawlRunner['start']>[0]): Promise<RunningCrawl> {
      const crawl = await worker.start(request);
      open.push(crawl);
      return crawl;
    }

    beforeAll(async () => {
      house = await make();
      worker = house.worker();
      probe = await house.deploy(PROBE_PROJECT, 'probe.settings');
    });

    afterEach(async () => {
      for (const crawl of open.splice(0)) {
        await crawl.kill();
        await crawl.exited;
        await crawl.cleanUp();
      }
      // Last: a listener that still waits for a message can only be closed once its crawl has ended.
      for (const listener of listeners.splice(0)) await listener.close();
    });

    afterAll(() => house.close());

    it('hands over every message of a crawl in the order in which it happened', async () => {
      const shop = await openShop();
      try {
        const demo = await house.deploy(DEMO_PROJECT, 'demo.settings');
        const request = crawlRequest(
          demo,
          { spiderName: 'books', args: { max_pages: '2' }, settings: { DEMO_CURRENCY: '"EUR"' } },
          { projectSettings: { DEMO_SITE_URL: JSON.stringify(shop.url), DEMO_CURRENCY: '"USD"' } },
        );
        const crawl = await start(request);
        const heard = hear(crawl);
        await heard.toEnd();

        expect(await crawl.exited).toEqual({ code: 0, signal: null, deadlinePassed: false });
        expect(heard.payloads('FIN')).toEqual([{ outcome: 'finished' }]);
        expect(heard.payloads('ITM').map((item) => item.title)).toHaveLength(4);
        expect(heard.payloads('ITM')[0]).toMatchObject({ currency: 'EUR', _type: 'BookItem' });
        expect(heard.payloads('REQ').map((request) => request.url)).toHaveLength(6);
        expect(heard.payloads('STA').at(-1)).toMatchObject({ stats: { item_scraped_count: 4 } });
        const kinds = heard.all.map(({ command }) => command);
        expect(kinds[0]).toBe('LOG');
        expect(kinds.indexOf('REQ')).toBeLessThan(kinds.indexOf('ITM'));
        expect(kinds.lastIndexOf('ITM')).toBeLessThan(kinds.indexOf('FIN'));
        expect(heard.logs()).toContain('Spider closed (finished)');
      } finally {
        await shop.close();
      }
    });

    it('runs a script of the egg with its arguments and its environment', async () => {
      const crawl = await start(
        crawlRequest(probe, {
          spiderName: 'py:greet.py',
          command: ['--loud'],
          environment: { OWN_VARIABLE: 'own' },
        }),
      );
      const heard = hear(crawl);
      await heard.toEnd();
      expect(heard.logs()).toContain("greetings ['--loud'] own");
      expect(await crawl.exited).toMatchObject({ code: 0 });
    });

    it('stops a crawl politely: it closes as shutdown', async () => {
      const crawl = await start(crawlRequest(probe, { spiderName: 'numbers' }));
      const heard = hear(crawl);
      await heard.until(() => heard.payloads('ITM').length > 0);
      await crawl.stop();
      await heard.toEnd();
      expect(heard.payloads('FIN')).toEqual([{ outcome: 'shutdown' }]);
      expect(await crawl.exited).toMatchObject({ code: 0, signal: null });
    });

    it('stops a crawl that writes without a break', async () => {
      const crawl = await start(
        crawlRequest(probe, { spiderName: 'numbers', args: { pause: '0', batch: '50' } }),
      );
      const heard = hear(crawl);
      await heard.until(() => heard.counts().ITM > 2000);
      await crawl.stop();
      await heard.toEnd();
      expect(heard.payloads('FIN')).toEqual([{ outcome: 'shutdown' }]);
    });

    it('kills a crawl that does not hear a polite stop', async () => {
      const crawl = await start(crawlRequest(probe, { spiderName: 'stubborn' }));
      const heard = hear(crawl);
      await heard.until(() => heard.payloads('ITM').length > 0);
      await crawl.stop();
      const before = heard.counts().ITM;
      await heard.until(() => heard.counts().ITM > before + 20);
      await crawl.kill();
      await heard.toEnd();
      expect(await crawl.exited).toEqual({ code: null, signal: 'SIGKILL', deadlinePassed: false });
      expect(heard.payloads('FIN')).toEqual([]);
    });

    it.each([
      ['is killed', ''],
      ['ends by itself', 'yes'],
    ])('leaves nobody alive when a crawl %s, runaway grandchildren included', async (_, leave) => {
      const crawl = await start(crawlRequest(probe, { spiderName: 'family', args: { leave } }));
      const heard = hear(crawl);
      await heard.until(() => heard.payloads('ITM').length > 0);
      const pids = pidsOf(heard);
      if (!leave) await crawl.kill();
      await crawl.exited;
      expect(pids).toHaveLength(4);
      expect(pids.filter(isRunning)).toEqual([]);
    });

    it('kills a crawl whose deadline has passed', async () => {
      const crawl = await start(crawlRequest(probe, { spiderName: 'numbers' }));
      const heard = hear(crawl);
      await heard.until(() => heard.payloads('ITM').length > 0);
      await crawl.extend(monotonicMs());
      await heard.toEnd();
      expect(await crawl.exited).toEqual({ code: null, signal: 'SIGKILL', deadlinePassed: true });
      expect(heard.logs()).toContain('did not prolong its lease');
    });

    it('kills a crawl that nobody ever extended', async () => {
      const crawl = await start(crawlRequest(probe, { spiderName: 'numbers' }, { leaseMs: 500 }));
      expect(await crawl.exited).toMatchObject({ signal: 'SIGKILL', deadlinePassed: true });
    });

    it('lets a crawl live as long as it is extended', async () => {
      const crawl = await start(crawlRequest(probe, { spiderName: 'numbers' }, { leaseMs: 1500 }));
      const startedAt = monotonicMs();
      await crawl.extend(startedAt + 120_000);
      const heard = hear(crawl);
      await heard.until(() => heard.counts().ITM > 0 && monotonicMs() > startedAt + 2000);
      await crawl.stop();
      await crawl.exited;
    });

    it('gives another worker every message after the last checkpoint, none twice', async () => {
      const request = crawlRequest(probe, { spiderName: 'numbers', args: { count: '1500', batch: '5' } });
      const first = hear(await start(request));
      await first.until(() => first.counts().ITM > 300);
      await open[0]?.checkpoint(first.counts());
      const stored = [...first.all];
      // Read, but not stored when the worker dies.
      await first.until(() => first.counts().ITM > 600);
      await first.close();

      const [orphan] = (await house.worker().orphans()).filter(({ id }) => id === request.job.id);
      const adopted = await orphan?.adopt();
      if (!adopted) throw new Error('the crawl was not found');
      const second = hear(adopted);
      await second.toEnd();

      const storedItems = stored.filter(({ command }) => command === 'ITM');
      expect(adopted.resumedAt.ITM).toBe(storedItems.length);
      expect(adopted.resumedAt).toMatchObject({ FIN: 0 });
      const all = [
        ...storedItems.map(({ payload }) => JSON.parse(payload.toString())),
        ...second.payloads('ITM'),
      ];
      expect(all.map(({ n }) => n)).toEqual(Array.from({ length: 1500 }, (_, n) => n));
      expect(second.payloads('FIN')).toEqual([{ outcome: 'finished' }]);
      expect(await adopted.exited).toEqual({ code: 0, signal: null, deadlinePassed: false });
    });

    it('lets another worker collect a crawl that has ended meanwhile', async () => {
      const request = crawlRequest(probe, { spiderName: 'numbers', args: { count: '3' } });
      await (await start(request)).exited;
      const [orphan] = (await house.worker().orphans()).filter(({ id }) => id === request.job.id);
      const adopted = await orphan?.adopt();
      if (!adopted) throw new Error('the crawl was not found');
      const heard = hear(adopted);
      await heard.toEnd();
      expect(heard.payloads('ITM').map(({ n }) => n)).toEqual([0, 1, 2]);
      expect(await adopted.exited).toMatchObject({ code: 0 });
      await adopted.cleanUp();
      expect((await house.worker().orphans()).map(({ id }) => id)).not.toContain(request.job.id);
    });

    it('discards what another worker left running', async () => {
      const request = crawlRequest(probe, { spiderName: 'family' });
      const heard = hear(await start(request));
      await heard.until(() => heard.payloads('ITM').length > 0);
      const [orphan] = (await house.worker().orphans()).filter(({ id }) => id === request.job.id);
      await orphan?.discard();
      expect(pidsOf(heard).filter(isRunning)).toEqual([]);
      expect((await house.worker().orphans()).map(({ id }) => id)).not.toContain(request.job.id);
    });

    it('does not start the same attempt twice', async () => {
      const request = crawlRequest(probe, { spiderName: 'numbers' });
      await start(request);
      await expect(start(request)).rejects.toMatchObject({ kind: 'conflict' });
    });

    it('puts raw output of the processes into the log, errors at level 40', async () => {
      const crawl = await start(crawlRequest(probe, { spiderName: 'noise' }));
      const heard = hear(crawl);
      await heard.toEnd();
      expect(heard.logs()).toContain('20 plain output');
      expect(heard.logs()).toContain('20 from a child');
      expect(heard.logs()).toContain('40 Traceback:\n  in a library\n');
      expect(heard.logs()).toContain('40 Native trouble \ufffd');
    });

    it('survives garbage in the pipe and says once that it dropped lines', async () => {
      const crawl = await start(crawlRequest(probe, { spiderName: 'garbage' }));
      const heard = hear(crawl);
      await heard.toEnd();
      const items = heard.payloads('ITM');
      expect(items.map(({ n, bare }) => n ?? bare)).toEqual([1, true, 2]);
      expect(heard.logs()).toContain('Dropped a line of 11 bytes');
      expect(heard.logs()).toContain('Dropped 7 lines');
      expect(heard.logs()).toContain('more than 1 MiB');
      expect(heard.payloads('FIN')).toEqual([{ outcome: 'finished' }]);
    });

    it('makes a crawl wait while nobody stores its messages, and loses none', async () => {
      const limited = house.worker({ maxSpoolBytes: 1024 * 1024 });
      const request = crawlRequest(probe, {
        spiderName: 'numbers',
        args: { count: '4000', batch: '100', pause: '0', pad: '1000' },
      });
      const crawl = await limited.start(request);
      open.push(crawl);
      const heard = hear(crawl);
      await heard.until(() => house.spooledBytes(request.job) > 1024 * 1024);
      let most = 0;
      while (heard.counts().FIN === 0) {
        // First, as the crawl may be waiting for it by now.
        await crawl.checkpoint(heard.counts());
        const before = heard.counts().ITM;
        await heard.until(() => heard.counts().ITM > before || heard.counts().FIN > 0);
        most = Math.max(most, house.spooledBytes(request.job));
      }
      await heard.toEnd();
      expect(heard.payloads('ITM').map(({ n }) => n)).toEqual(Array.from({ length: 4000 }, (_, n) => n));
      expect(most).toBeLessThan(3 * 1024 * 1024);
    });

    it('keeps everything of the worker out of the crawl', async () => {
      process.env.DATABASE_URL = 'postgres://secret';
      const crawl = await start(
        crawlRequest(probe, {
          spiderName: 'environment',
          args: { word: 'é"=\n' },
          settings: { WORD: '"of the job"' },
          environment: { MINE: '1', SHUB_JOBKEY: '9/9/9', 'A=B': 'x' },
        }),
      );
      const heard = hear(crawl);
      await heard.toEnd();
      delete process.env.DATABASE_URL;
      const seen = heard.payloads('ITM')[0] as { env: Record<string, string>; fds: string[]; path: string[] };
      const foreign = Object.keys(seen.env).filter((name) => !/^(SHUB_|SCRAPY_|PYTHON|LC_)/.test(name));
      expect(foreign.sort()).toEqual(['HOME', 'LANG', 'MINE', 'PATH', 'TMPDIR']);
      expect(seen.env.SHUB_JOBKEY).not.toBe('9/9/9');
      expect(Buffer.from(seen.env.SHUB_JOBAUTH ?? '', 'hex').toString()).toBe(
        `${seen.env.SHUB_JOBKEY}:job-token`,
      );
      expect(seen).toMatchObject({ cwd: seen.env.HOME, args: 'é"=\n', setting: 'of the job' });
      expect(seen.path.some((entry) => entry.endsWith('launcher'))).toBe(false);
    });

    it('hands job and settings over as the JSON text that libraries parse, and long ones as files', async () => {
      const request = { spiderName: 'environment', tags: ['é'], settings: { WORD: '"of the job"' } };
      const short = hear(await start(crawlRequest(probe, request)));
      await short.toEnd();
      const { env } = short.payloads('ITM')[0] as { env: Record<string, string> };
      expect(JSON.parse(env.SHUB_JOB_DATA ?? '')).toMatchObject({ key: env.SHUB_JOBKEY, tags: ['é'] });
      expect(JSON.parse(env.SHUB_SETTINGS ?? '')).toMatchObject({ job_settings: { WORD: 'of the job' } });

      const word = 'é'.repeat(65_000);
      const args = { word };
      const settings = { WORD: JSON.stringify(word) };
      const long = hear(await start(crawlRequest(probe, { spiderName: 'environment', args, settings })));
      await long.toEnd();
      expect(long.payloads('ITM')[0]).toMatchObject({ args: word, setting: word });
    });

    it('tells in the log why a crawl could not be started', async () => {
      const crawl = await start(crawlRequest(null, { version: null }));
      const heard = hear(crawl);
      await heard.toEnd();
      expect(heard.logs()).toMatch(/^40 .*Nothing is deployed/);
      expect(await crawl.exited).toEqual({ code: 1, signal: null, deadlinePassed: false });
    });

    it('runs a crawl with the packages of its requirements.txt beside the base ones', async () => {
      const version = { ...probe, requirements: await house.requirements() };
      const crawl = await start(crawlRequest(version, { spiderName: 'packages' }));
      const heard = hear(crawl);
      await heard.toEnd();
      expect(heard.payloads('ITM')).toMatchObject([{ tinydep: '1.0' }]);
    });

    it('tells in the log when the requirements cannot be installed', async () => {
      const crawl = await start(crawlRequest({ ...probe, requirements: './no-such.whl\n' }, {}));
      const heard = hear(crawl);
      await heard.toEnd();
      expect(heard.logs()).toMatch(/^40 The crawl could not be started: requirements: /);
      expect(await crawl.exited).toMatchObject({ code: 1 });
    });

    it('gives up a crawl that is stopped while it is prepared', async () => {
      const version = { ...probe, requirements: `${await house.requirements()}# another\n` };
      const crawl = await start(crawlRequest(version, {}));
      await crawl.stop();
      expect(await crawl.exited).toEqual({ code: null, signal: 'SIGTERM', deadlinePassed: false });
    });

    it('reports a spider that cannot be made as exit code 1', async () => {
      const crawl = await start(crawlRequest(probe, { spiderName: 'missing' }));
      const heard = hear(crawl);
      await heard.toEnd();
      expect(heard.logs()).toContain('Spider not found: missing');
      expect(await crawl.exited).toMatchObject({ code: 1 });
    });
  });
}

const CATALOGUE = `<a class="book" href="">x</a><li class="book"><a href="/book/PAGE1">1</a></li>
<li class="book"><a href="/book/PAGE2">2</a></li><a class="next" href="/NEXT">next</a>`;
const BOOK = `<h1>A book</h1><a class="category">poetry</a><span class="price">1.50</span><p class="stock">In stock</p>`;

/** A shop without end, for the demo project's spider. */
async function openShop(): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '/';
    const page = path.startsWith('/book/')
      ? BOOK
      : CATALOGUE.replaceAll('PAGE', path.slice(1)).replace('NEXT', `${path.slice(1)}n`);
    response.setHeader('content-type', 'text/html').end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
